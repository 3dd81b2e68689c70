import { tracingChannel } from 'node:diagnostics_channel';
import type { BenchDatabase } from '../support/bench-database';
import { workClock } from '../support/processor';
import { flowId } from '../support/rows';
import { median } from '../support/statistics';
import { loadUntraced } from '../support/untraced';
import { Ours } from './contestants/ours';
import { firstIdleFlow } from './data-set';
import { eachRound } from './turns';

/** The package without tracing, twice to show the noise; with tracing, without and with a subscriber. */
type Name = 'without' | 'control' | 'silent' | 'told';

/** The cost of tracing for a call. */
export interface TracingCost {
  readonly name: string;
  /** The processor time of server and client for a call of the package without tracing, in milliseconds. */
  readonly withoutMs: number;
  /** How many times as long the others took; the median of all rounds. */
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

/** A call, and how often it is made in a round. */
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
 * Measures several calls a round, because subscribing and unsubscribing make V8 compile again. It measures processor time:
 * the machine's other work varies by more than the cost of tracing.
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
