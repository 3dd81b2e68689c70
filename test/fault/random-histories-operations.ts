import fc from 'fast-check';
import type { JobStatus, TerminalStatus } from '../../src/domain';

/** Counts as a reporter of jobs sends them. */
export interface Counts {
  readonly jobs_completed?: number;
  readonly jobs_failed?: number;
  readonly jobs_skipped?: number;
  readonly vms_processed?: number;
  readonly bytes_transferred?: number;
}

/**
 * One call. `flow` and `run` are numbers: `run` is the n-th run that was made, modulo the number of runs. So each call stays valid
 * when shrinking removes others.
 */
export type Operation =
  | { readonly do: 'enqueue' | 'start'; readonly flow: number }
  | { readonly do: 'begin' | 'cancel' | 'repeat' | 'silence'; readonly run: number }
  | {
      readonly do: 'recordJobs';
      readonly run: number;
      readonly jobs: readonly string[];
      readonly more: boolean;
    }
  | { readonly do: 'progress'; readonly run: number; readonly counts: Counts }
  | { readonly do: 'finish'; readonly run: number; readonly status: TerminalStatus; readonly counts: Counts }
  | { readonly do: 'settle'; readonly run: number; readonly states: Readonly<Record<string, JobStatus>> }
  | { readonly do: 'reap' };

/** One call, or two at the same time; none if shrinking removed them. */
export type Step = readonly Operation[];

/** The calls on a number of flows. */
export interface History {
  readonly flows: number;
  readonly steps: readonly Step[];
}

const run = fc.nat({ max: 7 });
/** The jobs of all histories. Two of them differ in case only. */
export const job = fc.constantFrom('job-a', 'job-b', 'job-c', 'Job-A');
const counts: fc.Arbitrary<Counts> = fc.record(
  {
    jobs_completed: fc.nat({ max: 9 }),
    jobs_failed: fc.nat({ max: 9 }),
    jobs_skipped: fc.nat({ max: 9 }),
    vms_processed: fc.nat({ max: 9 }),
    bytes_transferred: fc.nat({ max: 10_000 }),
  },
  { requiredKeys: [] },
);
const status = fc.constantFrom<TerminalStatus>('success', 'warning', 'error', 'cancelled');
const state = fc.constantFrom<JobStatus>(
  'completed',
  'completed',
  'failed',
  'cancelled',
  'running',
  'pending',
);

/** Any call, except `silence`, which is the test's own. */
export const call: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('enqueue', 'start'), flow: fc.nat({ max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('begin', 'begin', 'repeat', 'cancel'), run }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('recordJobs' as const),
      run,
      jobs: fc.array(job, { maxLength: 3 }),
      more: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('progress' as const), run, counts }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('finish' as const), run, status, counts }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('settle' as const), run, states: fc.dictionary(job, state) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reap' as const) }) },
);

// No minimum length, so that an array shrinks to none of its items
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(call) },
  { weight: 1, arbitrary: fc.tuple(fc.record({ do: fc.constant('silence' as const), run })) },
  { weight: 8, arbitrary: fc.array(call, { maxLength: 2 }) },
);

/** A random history; it shrinks to fewer steps, single calls and smaller values. */
export const histories: fc.Arbitrary<History> = fc.record({
  flows: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(step, { maxLength: 30, size: 'max' }),
});
