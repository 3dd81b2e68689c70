import fc from 'fast-check';
import type { JobStatus } from '../../src/domain';
import { call, job, type Operation } from './random-histories-operations';

/** Time zones of the hub's process: the server's, one ahead of it and one behind it. */
export const hubZones = ['server', '+05:30', '-11:00'] as const;

/**
 * One call of this package, or one action of the hub or its jobs. `flow`, `run` and `work` are numbers as in {@link Operation}.
 * `work` is the n-th paused work of the hub, which continues up to its next pause.
 */
export type SharedOperation =
  | Operation
  | { readonly do: 'claim' | 'hubDelete' | 'delete'; readonly flow: number }
  | { readonly do: 'claimQueued' | 'plan' | 'hubCreate' | 'hubMonitor' | 'detectDeadJobs' }
  | { readonly do: 'poll'; readonly run: number }
  | {
      readonly do: 'hubStart';
      readonly flow: number;
      readonly jobs: readonly string[];
      readonly failing: number;
    }
  | { readonly do: 'hubGoesOn'; readonly work: number }
  | { readonly do: 'hubEdit'; readonly flow: number; readonly change: Readonly<Record<string, unknown>> }
  | { readonly do: 'job'; readonly job: string; readonly status: JobStatus }
  | { readonly do: 'prune' };

/** The operations that happen at the same time: one or two; none if shrinking removed them. */
export type SharedStep = readonly SharedOperation[];

/** The operations of two programs on a number of flows. */
export interface SharedHistory {
  readonly flows: number;
  readonly zone: (typeof hubZones)[number];
  readonly steps: readonly SharedStep[];
  /** True: the hub ends at last the runs that it began. False: the hub dies. */
  readonly hubLives: boolean;
}

const flow = fc.nat({ max: 2 });
const run = fc.nat({ max: 7 });
const status = fc.constantFrom<JobStatus>('completed', 'completed', 'failed', 'cancelled', 'running');

const ours: fc.Arbitrary<SharedOperation> = fc.oneof(
  { weight: 6, arbitrary: call },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('poll' as const), run }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('claim' as const, 'claim', 'delete'), flow }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('claimQueued' as const, 'plan') }) },
);

const hubs: fc.Arbitrary<SharedOperation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('hubStart' as const),
      flow,
      jobs: fc.uniqueArray(job, { maxLength: 3 }),
      failing: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('hubGoesOn' as const), work: fc.nat({ max: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hubMonitor' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('hubEdit' as const),
      flow,
      change: fc.constantFrom({ enabled: false }, { enabled: true }, { description: 'edited' }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constant('hubDelete' as const), flow }),
      fc.record({ do: fc.constantFrom('hubCreate' as const, 'detectDeadJobs') }),
    ),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('job' as const), job, status }) },
);

const anything = fc.oneof({ weight: 1, arbitrary: ours }, { weight: 1, arbitrary: hubs });

// No minimum length, so that an array shrinks to none of its items. A prune is alone, to count what it deletes
const step: fc.Arbitrary<SharedStep> = fc.oneof(
  { weight: 6, arbitrary: fc.array(anything, { maxLength: 2 }) },
  { weight: 6, arbitrary: fc.tuple(anything) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.tuple(fc.record({ do: fc.constant('prune' as const) })),
      fc.tuple(fc.record({ do: fc.constant('silence' as const), run })),
    ),
  },
);

/** A random history of two programs; it shrinks to fewer steps, single calls and smaller values. */
export const sharedHistories: fc.Arbitrary<SharedHistory> = fc.record({
  flows: fc.integer({ min: 1, max: 2 }),
  zone: fc.constantFrom(...hubZones),
  steps: fc.array(step, { maxLength: 14, size: 'max' }),
  hubLives: fc.boolean(),
});
