import type { ServerWish } from '../src/testing';
import { measureClaims, measureIdlePoll } from './data/claims';
import { fillDataSet, fillHistories } from './data/data-set';
import { measureDeletion } from './data/deletion';
import { measureHistory } from './data/history';
import { measureHotOperations } from './data/hot-operations';
import { measureLatest } from './data/latest';
import { measureGuards } from './data/guard-costs';
import { dataOptions, dataParts, type DataPart } from './data/options';
import { measureMetrics } from './data/metrics';
import { metricsReport } from './data/metrics-report';
import { measurePageReads } from './data/page-reads';
import { measureRecount } from './data/recount';
import { measureTracing } from './data/tracing';
import {
  claimsReport,
  deletionReport,
  explanation,
  guardsReport,
  historyReport,
  latestReport,
  operationsReport,
  pageReport,
  recountReport,
  tracingReport,
} from './data/report';
import { BenchDatabase } from './support/bench-database';
import { clock } from './support/clock';

const { servers, rows, parts } = dataOptions(process.env, process.argv.slice(2));

/** Prints on stderr how long a part took. */
async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const from = clock();
  const result = await work();
  console.error(`${what}: ${((clock() - from) / 1000).toFixed(0)} s`);
  return result;
}

const print = (text: string): void => console.log(`${text}\n`);

/** How long histories affect pages and the deletion of their flow. */
async function measureHistories(database: BenchDatabase): Promise<void> {
  const { label } = database;
  const { spread, tied } = await timed('histories filled in', () => fillHistories(database, rows));
  for (const [what, history] of [
    ['a second each', spread],
    ['all in four seconds', tied],
  ] as const) {
    if (!parts.has('history')) break;
    const result = await timed(`history, ${what}`, () => measureHistory(database, history));
    print(historyReport(label, what, history.rows, result));
  }
  if (!parts.has('deletion')) return;
  const deletion = await timed('deletion', () => measureDeletion(database, rows, [spread, tied]));
  print(deletionReport(label, rows, deletion));
}

async function measureServer(wish: ServerWish): Promise<void> {
  const database = await BenchDatabase.start(wish);
  const { label } = database;
  const measure: Readonly<Partial<Record<DataPart, () => Promise<string>>>> = {
    operations: async () => operationsReport(label, rows, await measureHotOperations(database)),
    latest: async () => latestReport(label, await measureLatest(database)),
    page: async () => pageReport(label, rows, await measurePageReads(database)),
    guards: async () => guardsReport(label, rows, await measureGuards(database, rows)),
    recount: async () => recountReport(label, rows, await measureRecount(database, rows)),
    tracing: async () => tracingReport(label, await measureTracing(database)),
    claims: async () => claimsReport(label, await measureClaims(database), await measureIdlePoll(database)),
    metrics: async () => metricsReport(label, rows, await measureMetrics(database)),
  };
  try {
    await timed(`${label}: ${rows} executions filled in`, () => fillDataSet(database, rows));
    for (const part of dataParts) {
      const work = measure[part];
      if (parts.has(part) && work !== undefined) print(await timed(part, work));
    }
    if (parts.has('history') || parts.has('deletion')) await measureHistories(database);
  } finally {
    await database.stop();
  }
}

/** Measures the data layer's hot operations beside the floor and plain TypeORM, and with long histories. */
async function main(): Promise<void> {
  console.log(`${explanation()}\n`);
  for (const wish of servers) await measureServer(wish);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
