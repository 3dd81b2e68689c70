import fc from 'fast-check';
import type { Call } from './calls';
import type { Rewrite } from './race';
import type { FlowPlan } from './world';

/** This package with one fault, made by changing its statements, and the race that shows the fault. */
export interface Mutant {
  /** Names the fault. */
  readonly name: string;
  readonly rewrite: Rewrite;
  /** The calls whose race shows the fault, in any number and order. */
  readonly calls: readonly Call[];
  readonly flow?: Partial<FlowPlan>;
  /** Matches the fault that the race reports. */
  readonly shows: RegExp;
}

/** Removes a part from matching statements. */
const without =
  (part: RegExp, statement: RegExp): Rewrite =>
  (sql) =>
    statement.test(sql) ? sql.replace(part, '') : sql;

const own = { flow: 0 };
const start = (run: 'new-0' | 'new-1'): Call => ({ do: 'start', ...own, run });
const begin: Call = { do: 'begin', ...own, run: 'queued-0' };
const cancel = (run: 'queued-0' | 'running'): Call => ({ do: 'cancel', ...own, run });
const record = (job: number): Call => ({
  do: 'recordJobs',
  ...own,
  run: 'running',
  jobs: [job],
  more: false,
});
const finish: Call = { do: 'finish', ...own, run: 'running', status: 'success', isRetried: false };
const progress: Call = { do: 'progress', ...own, run: 'running', completed: 3 };
const settle: Call = { do: 'settle', ...own, run: 'running', state: 'completed' };
const claimDue: Call = { do: 'claimDue', overlap: 'queue', fair: false };
const claimQueued: Call = { do: 'claimQueued', fair: false };

const lock = /FOR UPDATE(?: SKIP LOCKED)?\s*$/;
const dueFlows = /ORDER BY f\.next_execution_time, f\.id LIMIT \d+ FOR UPDATE/;
const ends =
  /UPDATE protection_flow_executions e JOIN protection_flows f .*SET e\.status = '(?:success|warning|error|cancelled)'/s;

/** One mutant for each guard of the data layer. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a start that does not lock its flow',
    rewrite: without(lock, /SELECT id, CURRENT_TIMESTAMP AS at FROM protection_flows/),
    calls: [start('new-0'), start('new-1'), begin],
    flow: { queued: 1 },
    shows: /has two runs under way/,
  },
  {
    name: 'a start without a transaction',
    rewrite: (sql) => (sql === 'START TRANSACTION' ? 'DO 0' : sql),
    calls: [start('new-0'), start('new-1')],
    shows: /statistics .* are wrong|two runs under way|was refused with FLOW_STILL_RUNNING/,
  },
  {
    name: 'a begin that does not check again whether the run is pending',
    rewrite: without(/AND e\.status = 'pending'/, /SET e\.status = 'running'/),
    calls: [begin, cancel('queued-0')],
    flow: { queued: 1 },
    shows: /was over, and went from/,
  },
  {
    name: 'a recordJobs that does not lock the run',
    rewrite: without(lock, /SELECT status, created_job_ids AS job_ids/),
    calls: [record(0), record(1), record(2)],
    flow: { running: 'fresh' },
    shows: /is not recorded any more|it is not in the tables/,
  },
  {
    name: 'an end that does not check whether the run is over',
    rewrite: without(/AND e\.status IN \([^)]*\)/, ends),
    calls: [finish, cancel('running')],
    flow: { running: 'fresh' },
    shows: /was over, and went from|was ended by/,
  },
  {
    name: 'a progress that does not check whether the run is under way',
    rewrite: without(/AND e\.status = 'running'/, /UPDATE protection_flow_executions e SET e\.vms_processed/),
    calls: [finish, progress],
    flow: { running: 'fresh' },
    shows: /was over, and went from/,
  },
  {
    name: 'a settle that does not check whether jobs were recorded meanwhile',
    rewrite: without(/AND JSON_LENGTH\(e\.created_job_ids\) = \d+/, ends),
    calls: [settle, record(3)],
    flow: { running: 'fresh', jobs: 1 },
    shows: /it is not in the tables/,
  },
  {
    name: 'a reaper that does not check again for a sign of life',
    rewrite: without(/(?<=AND e\.status IN \([^)]*\) )AND .*/s, /no sign of life/),
    calls: [{ do: 'reap' }, progress],
    flow: { running: 'silent' },
    shows: /right after a sign of life/,
  },
  {
    name: 'a claim of due flows without a lock',
    rewrite: without(lock, dueFlows),
    calls: [claimDue],
    flow: { isDue: true },
    shows: /two runs under way|was due once|was claimed by/,
  },
  {
    name: 'a claim of due flows that waits for the lock of another claim',
    rewrite: without(/SKIP LOCKED/, dueFlows),
    calls: [claimDue],
    flow: { isDue: true },
    shows: /waits for a lock where it is to skip/,
  },
  {
    name: 'a claim from the queue that locks no run',
    rewrite: without(lock, /FROM protection_flow_executions e FORCE INDEX \(PRIMARY\)/),
    calls: [claimQueued, cancel('queued-0')],
    flow: { queued: 1 },
    shows: /says that it has begun|was begun by/,
  },
  {
    name: 'a claim from the queue that locks no flow',
    rewrite: without(lock, /FROM protection_flows f\s+WHERE f\.id IN .* FOR UPDATE SKIP LOCKED/s),
    calls: [claimQueued, start('new-0')],
    flow: { queued: 1 },
    shows: /two runs under way/,
  },
  {
    name: 'a plan that does not lock the flows whose timetables it saves',
    rewrite: without(/FOR UPDATE SKIP LOCKED\s*$/, /SELECT id FROM protection_flows WHERE id IN/),
    calls: [{ do: 'plan' }, { do: 'delete', flow: 0 }],
    shows: /there is still a row in sendense_flow_timetables/,
  },
];

/** A flow without runs, pause or timetable. */
export const plainFlow: FlowPlan = {
  running: 'none',
  jobs: null,
  queued: 0,
  ended: 0,
  isDue: false,
  isPaused: false,
  isKept: false,
  failureLimit: null,
};

/** The only flow in the races of a mutant. */
export const flowOf = ({ flow }: Mutant): fc.Arbitrary<FlowPlan[]> =>
  fc.constant([{ ...plainFlow, ...flow }]);
