import type { Call } from './calls';
import type { Fault } from './interleaving';
import { plainFlow } from './mutants';
import { run, told, type Race } from './race';
import { useTrack } from './track';
import type { FlowPlan } from './world';

/** More steps than any of these calls takes. */
const mostSteps = 70;

/** A race of two calls that failed once: the second call ran between two statements of the first. */
interface Found {
  readonly what: string;
  readonly flow: Partial<FlowPlan>;
  readonly calls: readonly [Call, Call];
}

const found: readonly Found[] = [
  {
    what: 'keeps a run that a cancel makes the last one of its flow during a prune',
    flow: { queued: 2 },
    calls: [
      { do: 'prune', keep: 1 },
      { do: 'cancel', flow: 0, run: 'queued-0' },
    ],
  },
  {
    what: 'leaves no timetable of a flow that is deleted during a plan',
    flow: {},
    calls: [{ do: 'plan' }, { do: 'delete', flow: 0 }],
  },
  {
    what: 'leaves no timetable of a flow that is deleted during a prune',
    flow: { ended: 3, isKept: true },
    calls: [
      { do: 'prune', keep: 1 },
      { do: 'delete', flow: 0 },
    ],
  },
];

// Without this, a fault that the search found could return.
describe('the data layer, with a second call at any statement of the first', () => {
  const track = useTrack();

  it.each(found.map((one) => [one.what, one] as const))('%s', async (_, { flow, calls }) => {
    const flows = [{ ...plainFlow, ...flow }];
    const actors = calls.map((call) => [call]);
    for (let step = 0; step < mostSteps; step += 1) {
      const race: Race = { flows, actors, turns: [...Array<number>(step).fill(0), 1], faults: [] };
      const seen = await run(track(), race);
      expect(seen.faults.map((fault) => `${fault}\n${told(race, seen)}`)).toEqual([]);
      // The first call has ended before this switch: all were tried
      if (seen.steps.findLastIndex(({ actor }) => actor === 'A') < step) return;
    }
    throw new Error('the first call has more steps than are tried');
  });
});

const reading: readonly Call[] = [
  { do: 'claimDue', overlap: 'queue', fair: true },
  { do: 'claimQueued', fair: true },
  { do: 'settle', flow: 0, run: 'running', state: 'completed' },
  { do: 'enqueue', flow: 0, run: 'new-0' },
  { do: 'plan' },
  { do: 'recount' },
  { do: 'prune', keep: 1 },
];

// Without this, a call that the package can repeat could fail because a cluster aborts a SELECT.
describe('the data layer', () => {
  const track = useTrack();
  const flow = { running: 'fresh', jobs: 1, queued: 1, ended: 3, isDue: true } as const;

  it.each(reading.map((call) => [call.do, call] as const))(
    'repeats %s if the server aborts any of its statements',
    async (_, call) => {
      for (let at = 0; ; at += 1) {
        const faults: Fault[] = [{ kind: at % 2 === 0 ? 'deadlock' : 'lock-wait', at, atCommit: false }];
        const race: Race = { flows: [{ ...plainFlow, ...flow }], actors: [[call]], turns: [], faults };
        const seen = await run(track(), race);
        expect(seen.faults).toEqual([]);
        expect(seen.entries.map(({ answer }) => answer.refused)).toEqual([undefined]);
        if (seen.steps.filter(({ what }) => what !== 'answered').length <= at) return;
      }
    },
  );
});
