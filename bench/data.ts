import type { ServerWish } from '../src/testing';
import { measureClaims } from './data/claims';
import { fillDataSet, fillHistories } from './data/data-set';
import { measureDeletion } from './data/deletion';
import { measureHistory } from './data/history';
import { measureHotOperations } from './data/hot-operations';
import { measureLatest } from './data/latest';
import { dataOptions } from './data/options';
import { measurePageReads } from './data/page-reads';
import {
  claimsReport,
  deletionReport,
  explanation,
  historyReport,
  latestReport,
  operationsReport,
  pageReport,
} from './data/report';
import { BenchDatabase } from './support/bench-database';
import { clock } from './support/clock';

const { servers, rows } = dataOptions(process.env);

/** Says on stderr how long a part took. */
async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const from = clock();
  const result = await work();
  console.error(`${what}: ${((clock() - from) / 1000).toFixed(0)} s`);
  return result;
}

async function measureServer(wish: ServerWish): Promise<void> {
  const database = await BenchDatabase.start(wish);
  const { label } = database;
  const print = (text: string): void => console.log(`${text}\n`);
  try {
    await timed(`${label}: ${rows} executions filled in`, () => fillDataSet(database, rows));
    print(operationsReport(label, rows, await timed('hot operations', () => measureHotOperations(database))));
    print(latestReport(label, await timed('latest', () => measureLatest(database))));
    print(pageReport(label, rows, await timed('page', () => measurePageReads(database))));
    print(claimsReport(label, await timed('claims', () => measureClaims(database))));
    const { spread, tied } = await timed('histories filled in', () => fillHistories(database, rows));
    for (const [what, history] of [
      ['a second each', spread],
      ['all in four seconds', tied],
    ] as const) {
      const result = await timed(`history, ${what}`, () => measureHistory(database, history));
      print(historyReport(label, what, history.rows, result));
    }
    const deletion = await timed('deletion', () => measureDeletion(database, rows, [spread, tied]));
    print(deletionReport(label, rows, deletion));
  } finally {
    await database.stop();
  }
}

/** The data layer's hot operations beside the floor and plain TypeORM, and what it does to long histories. */
async function main(): Promise<void> {
  console.log(`${explanation()}\n`);
  for (const wish of servers) await measureServer(wish);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
