import { resolve } from 'node:path';
import Table from 'cli-table3';
import { createDataSource } from '../src/typeorm/create-data-source';
import { migrate } from '../src/engine/migrate';
import { createPlatformTables, createThrowAwayDatabase, startPrivateServer } from '../src/testing';
import { measureProcess, type ProcessRun } from './support/measure-process';
import { median, quantile } from './support/statistics';

const rounds = Number(process.env.BENCH_ROUNDS ?? 15);
const root = resolve(__dirname, '..');
const ours = resolve(root, 'dist/cli/main.js');
const typeorm = resolve(root, 'node_modules/typeorm/cli.js');
const dataSourceFile = resolve(root, 'dist/data-source.js');
const baseline = 'typeorm migration:show';

/** The processes that are compared, run in turns so that each round meets the machine in the same state. */
const contestants: Readonly<Record<string, readonly string[]>> = {
  'raw mysql2 (floor)': [resolve(__dirname, 'support/raw-history.cjs')],
  [baseline]: [typeorm, 'migration:show', '-d', dataSourceFile],
  'protection-flows status': [ours, 'status', '--json'],
  'protection-flows migrate (no-op)': [ours, 'migrate', '--json'],
  'protection-flows verify': [ours, 'verify', '--json'],
};
const goals: Readonly<Record<string, number>> = {
  'protection-flows status': 1,
  'protection-flows migrate (no-op)': 1,
  'protection-flows verify': 1.5,
};

/** Whole processes on a migrated, empty database: how long each takes, and its peak memory. */
async function main(): Promise<void> {
  const server = await startPrivateServer();
  try {
    const { url } = await createThrowAwayDatabase(server);
    const dataSource = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
    await createPlatformTables(dataSource, 'mixed');
    await migrate(dataSource);
    await dataSource.destroy();
    const runs = new Map<string, ProcessRun[]>(Object.keys(contestants).map((name) => [name, []]));
    for (let round = 0; round <= rounds; round += 1) {
      for (const [name, args] of Object.entries(contestants)) {
        const run = await measureProcess(args, { DATABASE_URL: url });
        // The first round warms the file cache
        if (round > 0) runs.get(name)?.push(run);
      }
    }
    report(`${server.flavour} ${server.version}`, runs);
  } finally {
    await server.stop();
  }
}

function report(server: string, runs: ReadonlyMap<string, readonly ProcessRun[]>): void {
  const times = (name: string): number[] => (runs.get(name) ?? []).map((run) => run.ms);
  const reference = median(times(baseline));
  const table = new Table({
    head: ['process', 'median ms', 'middle half', 'ratio', 'goal', 'peak MiB'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const [name, measured] of runs) {
    const ms = times(name);
    table.push([
      name,
      median(ms).toFixed(0),
      `${quantile(ms, 0.25).toFixed(0)}–${quantile(ms, 0.75).toFixed(0)}`,
      (median(ms) / reference).toFixed(2),
      goals[name] === undefined ? '' : `≤ ${goals[name]}`,
      median(measured.map((run) => run.mebibytes)).toFixed(0),
    ]);
  }
  console.log(
    `Whole processes, ${rounds} rounds in turns, ${server}, Node ${process.version}; ratio to ${baseline}`,
  );
  console.log(table.toString());
}

void main();
