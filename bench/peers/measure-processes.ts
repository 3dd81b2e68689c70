import { resolve } from 'node:path';
import { build } from 'esbuild';
import type { BenchDatabase } from '../support/bench-database';
import { measureProcess, type ProcessRun } from '../support/measure-process';
import { contestants, peerNames, type PeerName } from './contestants';
import { programOf } from './install';
import type { Errand } from './whole-process';

/** A measured process: its name, and Node's arguments before the errand. */
interface Process {
  readonly label: string;
  readonly args: readonly string[];
}

/** The runs of each process, by its label. */
export type ProcessRuns = ReadonlyMap<string, readonly ProcessRun[]>;

/** For TypeORM another file than for the operations: it does not load this package's entities. */
const fileOf = (name: PeerName): string => (name === 'typeorm' ? 'typeorm-alone' : name);

/**
 * A contestant as deployed JavaScript: its own code in one file, and the packages, this one among them, in theirs.
 */
async function built(name: PeerName): Promise<string> {
  const outfile = programOf(`.cache/${name}.cjs`);
  // The code looks for dist relative to its own place
  const place = resolve(__dirname, '../support');
  await build({
    stdin: {
      contents: `import { connect } from './contestants/${fileOf(name)}';
        import { runErrand } from './whole-process';
        void runErrand(connect);`,
      resolveDir: __dirname,
    },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    packages: 'external',
    define: { __dirname: JSON.stringify(place), __filename: JSON.stringify(resolve(place, 'shipped.ts')) },
    logLevel: 'error',
  });
  return outfile;
}

async function allProcesses(): Promise<Process[]> {
  const processes: Process[] = [{ label: 'node alone', args: ['-e', ''] }];
  for (const name of peerNames)
    if (name !== 'same') processes.push({ label: contestants[name], args: [await built(name)] });
  return processes;
}

/** Runs one errand of every contestant in turns. The first turn fills file caches and does not count. */
export async function measureErrand(
  { url, flavour }: BenchDatabase,
  errand: Errand,
  rounds: number,
): Promise<ProcessRuns> {
  const processes = await allProcesses();
  const runs = new Map<string, ProcessRun[]>(processes.map(({ label }) => [label, []]));
  for (let round = 0; round <= rounds; round += 1)
    for (const { label, args } of round % 2 === 0 ? processes : [...processes].reverse()) {
      const run = await measureProcess([...args, errand], { DATABASE_URL: url, BENCH_FLAVOUR: flavour });
      if (round > 0) runs.get(label)?.push(run);
    }
  return runs;
}
