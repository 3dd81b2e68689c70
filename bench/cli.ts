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
const floor = 'raw mysql2 (floor)';

/** The compared processes, run in turns so that each round meets the machine in the same state. */
const contestants: Readonly<Record<string, readonly string[]>> = {
  [floor]: [resolve(__dirname, 'support/raw-history.cjs')],
  [baseline]: [typeorm, 'migration:show', '-d', dataSourceFile],
  'protection-flows status': [ours, 'status', '--json'],
  'protection-flows preflight': [ours, 'preflight', '--json'],
  'protection-flows migrate (no-op)': [ours, 'migrate', '--json'],
  'protection-flows verify': [ours, 'verify', '--json'],
};
/** The goals: at most so many times the floor, and such a share of TypeORM's time. */
const goals: Readonly<Record<string, { readonly floor: number; readonly typeorm?: number }>> = {
  'protection-flows status': { floor: 1.6, typeorm: 0.4 },
  'protection-flows preflight': { floor: 1.6, typeorm: 0.4 },
  'protection-flows migrate (no-op)': { floor: 1.6, typeorm: 0.4 },
  'protection-flows verify': { floor: 2 },
};
const memoryGoal = 60;

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

/** How many times as long a process took as another one in the same round; the median of all rounds. */
function ratio(runs: ReadonlyMap<string, readonly ProcessRun[]>, name: string, other: string): number {
  const others = runs.get(other) ?? [];
  return median((runs.get(name) ?? []).map(({ ms }, round) => ms / (others[round]?.ms ?? NaN)));
}

function report(server: string, runs: ReadonlyMap<string, readonly ProcessRun[]>): void {
  const table = new Table({
    head: ['process', 'median ms', 'middle half', 'of the floor', 'of TypeORM', 'peak MiB'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
  const goal = (value: number, most: number | undefined, digits = 2): string =>
    value.toFixed(digits) + (most === undefined ? '' : ` (≤ ${most})`);
  for (const [name, measured] of runs) {
    const ms = measured.map((run) => run.ms);
    table.push([
      name,
      median(ms).toFixed(0),
      `${quantile(ms, 0.25).toFixed(0)}–${quantile(ms, 0.75).toFixed(0)}`,
      goal(ratio(runs, name, floor), goals[name]?.floor),
      goal(ratio(runs, name, baseline), goals[name]?.typeorm),
      goal(median(measured.map((run) => run.mebibytes)), goals[name] && memoryGoal, 0),
    ]);
  }
  console.log(
    `Whole processes, ${rounds} rounds in turns, ${server}, Node ${process.version}; goals in brackets`,
  );
  console.log(table.toString());
}

void main();
