import { tracingChannel } from 'node:diagnostics_channel';
import type { BenchDatabase } from '../support/bench-database';
import { workClock } from '../support/processor';
import { flowId } from '../support/rows';
import { median } from '../support/statistics';
import { loadUntraced } from '../support/untraced';
import { Ours } from './contestants/ours';
import { firstIdleFlow } from './data-set';
import { eachRound } from './turns';

/** The package without tracing, twice, which shows what chance does; with it, without a subscriber and with one. */
type Name = 'without' | 'control' | 'silent' | 'told';

/** What tracing costs calls. */
export interface TracingCost {
  readonly name: string;
  /** For how many milliseconds server and client are at work for a call of the package without tracing. */
  readonly withoutMs: number;
  /** How many times as long each of the others took, the median of all rounds. */
  readonly times: Readonly<Record<Exclude<Name, 'without'>, number>>;
}

const channels = ['call', 'claim', 'transition', 'retry'].map((name) =>
  tracingChannel(`sendense:protection-flows:${name}`),
);
let told = 0;
const listener = (): void => void (told += 1);
const subscriber = {
  start: listener,
  end: listener,
  asyncStart: listener,
  asyncEnd: listener,
  error: listener,
};

/** What is called, and how many times in a round. */
interface Calls {
  readonly name: string;
  readonly call: (one: Ours, flow: string) => Promise<unknown>;
  readonly ofRound: number;
}

const rounds = { measured: 200, warmUp: 40 };

const measured: readonly Calls[] = [
  { name: 'get', call: (one, flow) => one.get(flow), ofRound: 30 },
  {
    name: 'start, progress and finish of a run',
    call: async (one, flow) => {
      const run = await one.start(flow);
      await one.progress(run, { jobs: 3, bytes: 4096 });
      await one.finish(run, { jobs: 5, bytes: 8192 });
    },
    ofRound: 5,
  },
];

/**
 * Measures calls in rounds of some of them: to subscribe and to stop makes code that has to be compiled anew. What is measured is the
 * time at work: what else the machine has to do differs by more than what tracing costs.
 */
export async function measureTracing(database: BenchDatabase): Promise<TracingCost[]> {
  await database.settle();
  const untraced = await loadUntraced();
  const all: Record<Name, Ours> = {
    without: await Ours.connect(database.url, undefined, untraced),
    control: await Ours.connect(database.url, undefined, untraced),
    silent: await Ours.connect(database.url),
    told: await Ours.connect(database.url),
  };
  try {
    const costs: TracingCost[] = [];
    for (const { name, call, ofRound } of measured) {
      const turnOf = (who: Name) => {
        const each = async (round: number): Promise<void> => {
          for (let n = 0; n < ofRound; n += 1)
            await call(all[who], flowId(firstIdleFlow + ((round * ofRound + n) % 1_000)));
        };
        if (who !== 'told') return { run: each };
        return {
          prepare: async () => channels.forEach((channel) => channel.subscribe(subscriber)),
          run: each,
          after: async () => channels.forEach((channel) => channel.unsubscribe(subscriber)),
        };
      };
      const before = told;
      const times = await eachRound(
        {
          without: turnOf('without'),
          control: turnOf('control'),
          silent: turnOf('silent'),
          told: turnOf('told'),
        },
        rounds,
        workClock(database.url),
      );
      if (told - before < rounds.measured * ofRound) throw new Error('the subscriber was not told');
      const ratio = (who: Name): number => median(times[who].map((took, at) => took / times.without[at]!));
      costs.push({
        name,
        withoutMs: median(times.without) / ofRound,
        times: { control: ratio('control'), silent: ratio('silent'), told: ratio('told') },
      });
    }
    return costs;
  } finally {
    for (const one of Object.values(all)) await one.release();
  }
}
