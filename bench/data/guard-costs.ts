import type { BenchDatabase } from '../support/bench-database';
import { flowId } from '../support/rows';
import type { Spread } from '../support/statistics';
import type { Contestant } from './contestants/contestant';
import { Floor } from './contestants/floor';
import { Ours } from './contestants/ours';
import { fillDataSet, firstIdleFlow } from './data-set';
import { assertSameStatements } from './statements';
import { inTurns, type Turn } from './turns';

/** This package and mysql2 alone, each on tables with and without guards. */
type Name = 'ours' | 'guarded' | 'floor' | 'floorGuarded';

/** The cost of guards for a run, or a part of it, in milliseconds. */
export interface GuardCost {
  readonly name: string;
  readonly times: Readonly<Record<Name, Spread>>;
}

const rounds = { measured: 400, warmUp: 200 };
/** The first flow that no round uses: for the comparison before the measurement. */
const lastFlow = 2 * (rounds.measured + rounds.warmUp);

/** A contestant, and the runs that it has begun, by their flows. */
interface Runner {
  readonly one: Contestant;
  readonly runs: Map<string, string>;
}

type Step = (runner: Runner, flow: string) => Promise<unknown>;

const start: Step = async ({ one, runs }, flow) => runs.set(flow, await one.start(flow));
const progress: Step = ({ one, runs }, flow) => one.progress(runs.get(flow) ?? '', { jobs: 3, bytes: 4096 });
const finish: Step = ({ one, runs }, flow) => one.finish(runs.get(flow) ?? '', { jobs: 5, bytes: 8192 });

async function wholeRun(runner: Runner, flow: string): Promise<void> {
  for (const step of [start, progress, finish]) await step(runner, flow);
}

/** In this order: each part continues the runs of the one before. */
const parts: readonly (readonly [name: string, step: Step, firstFlow: number])[] = [
  ['start, progress and finish of a run', wholeRun, 0],
  ['start', start, rounds.measured + rounds.warmUp],
  ['progress', progress, rounds.measured + rounds.warmUp],
  ['finish', finish, rounds.measured + rounds.warmUp],
];

/** Measures runs on the database, and on a second one on the same server with guards and as many rows. */
export async function measureGuards(database: BenchDatabase, rows: number): Promise<GuardCost[]> {
  const guarded = await database.beside();
  await fillDataSet(guarded, rows);
  await guarded.guard();
  await guarded.settle();
  const spare = flowId(firstIdleFlow + lastFlow);
  const wholeOf = (one: Contestant): Promise<void> => wholeRun({ one, runs: new Map() }, spare);
  await assertSameStatements(database, (one) => one.get(spare), { wholeOf });
  const runnerOf = (one: Contestant): Runner => ({ one, runs: new Map() });
  const runners: Record<Name, Runner> = {
    ours: runnerOf(await Ours.connect(database.url)),
    guarded: runnerOf(await Ours.connect(guarded.url)),
    floor: runnerOf(new Floor(database.url, database.flavour)),
    floorGuarded: runnerOf(new Floor(guarded.url, database.flavour)),
  };
  /** Contestants on the same tables have different flows. */
  const flowOf = (name: Name, n: number): string =>
    flowId(firstIdleFlow + (name.startsWith('floor') ? lastFlow + 1 : 0) + n);
  try {
    const costs: GuardCost[] = [];
    for (const [name, step, firstFlow] of parts) {
      const turnOf = (who: Name): Turn => ({
        run: (round) => step(runners[who], flowOf(who, firstFlow + round)),
      });
      const turns = {
        ours: turnOf('ours'),
        guarded: turnOf('guarded'),
        floor: turnOf('floor'),
        floorGuarded: turnOf('floorGuarded'),
      };
      costs.push({ name, times: await inTurns(turns, rounds) });
    }
    return costs;
  } finally {
    for (const { one } of Object.values(runners)) await one.release();
    guarded.session.destroy();
  }
}
