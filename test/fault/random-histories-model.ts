import type { ExecutionStatus, JobStatus, TerminalStatus } from '../../src/domain';
import type { Counts, Operation } from './random-histories-operations';

/** The expected state of a run. */
export interface ModelRun {
  /** The place of its flow, from 0. */
  readonly flow: number;
  /** True if `start` made it, false if `enqueue` did. */
  readonly wasStarted: boolean;
  status: ExecutionStatus;
  hasBegun: boolean;
  jobs: string[] | null;
  /** True if further jobs will be recorded. */
  isStarting: boolean;
  isSilent: boolean;
  readonly counts: { -readonly [Name in keyof Counts]-?: number };
}

/** The expected state of a flow. */
export interface ModelFlow {
  total: number;
  successful: number;
  failed: number;
  /** The place of the run that it shows as the last one. */
  last: number | null;
}

/** Everything that the calls may change. Runs are in the order of the calls that made them. */
export interface Model {
  readonly flows: ModelFlow[];
  readonly runs: ModelRun[];
}

/** The answer of a call: a value, or the code of its error. It names runs by place or by id. */
export type Answer<Run = number> =
  | boolean
  | { readonly run: Run; readonly status: ExecutionStatus }
  | { readonly refused: string; readonly by?: Run }
  | { readonly settled: boolean; readonly status: ExecutionStatus }
  | { readonly reaped: readonly Run[] }
  | null;

/** Makes a model of flows that never ran. */
export function newModel(flows: number): Model {
  return {
    flows: Array.from({ length: flows }, () => ({ total: 0, successful: 0, failed: 0, last: null })),
    runs: [],
  };
}

const isOver = ({ status }: ModelRun): boolean => status !== 'pending' && status !== 'running';

function grow(run: ModelRun, counts: Counts): void {
  for (const [name, count] of Object.entries(counts) as [keyof Counts, number][])
    run.counts[name] = Math.max(run.counts[name], count);
}

/** The place of the flow's running run; -1 if there is none. */
const underWay = ({ runs }: Model, flow: number): number =>
  runs.findIndex((run) => run.flow === flow && run.status === 'running');

function end(model: Model, place: number, status: TerminalStatus, counts: Counts = {}): void {
  const run = model.runs[place]!;
  const flow = model.flows[run.flow]!;
  const isAlone = underWay(model, run.flow) === -1;
  run.status = status;
  grow(run, counts);
  if (run.hasBegun && status === 'success') flow.successful += 1;
  if (run.hasBegun && status === 'error') flow.failed += 1;
  // A run that ended without a beginning is shown as the last one if no other run is running
  if (!run.hasBegun && isAlone) flow.last = place;
}

function begin(model: Model, place: number): void {
  const run = model.runs[place]!;
  Object.assign(run, { status: 'running', hasBegun: true });
  const flow = model.flows[run.flow]!;
  flow.total += 1;
  flow.last = place;
}

/** The outcome of a run by its jobs; null while a job has not ended. */
function verdict(
  jobs: readonly string[],
  states: Readonly<Record<string, JobStatus>>,
): TerminalStatus | null {
  const having = (...wanted: (JobStatus | undefined)[]): number =>
    jobs.filter((job) => wanted.includes(states[job])).length;
  if (having('pending', 'running') > 0) return null;
  if (jobs.length === 0) return 'warning';
  if (having('completed') === jobs.length) return 'success';
  if (having('cancelled') === jobs.length) return 'cancelled';
  return having('completed') > 0 ? 'warning' : 'error';
}

function settle(model: Model, place: number, states: Readonly<Record<string, JobStatus>>): Answer {
  const run = model.runs[place]!;
  const outcome =
    run.jobs === null || run.isStarting || run.status !== 'running' ? null : verdict(run.jobs, states);
  if (outcome === null || run.jobs === null) return { settled: false, status: run.status };
  const having = (wanted: JobStatus | undefined): number =>
    run.jobs!.filter((job) => states[job] === wanted).length;
  end(model, place, outcome, {
    jobs_completed: having('completed'),
    jobs_failed: having('failed') + having(undefined),
    jobs_skipped: having('cancelled'),
    vms_processed: having('completed'),
  });
  return { settled: true, status: outcome };
}

function add(model: Model, flow: number, wasStarted: boolean): number {
  const counts = {
    jobs_completed: 0,
    jobs_failed: 0,
    jobs_skipped: 0,
    vms_processed: 0,
    bytes_transferred: 0,
  };
  const fresh = {
    status: 'pending' as const,
    hasBegun: false,
    jobs: null,
    isStarting: false,
    isSilent: false,
  };
  return model.runs.push({ flow, wasStarted, ...fresh, counts }) - 1;
}

function reap(model: Model): Answer {
  const reaped = [...model.runs.keys()].filter((place) => {
    const run = model.runs[place]!;
    return run.status === 'running' && run.isSilent;
  });
  for (const place of reaped) end(model, place, 'error');
  return { reaped };
}

function finish(model: Model, place: number, status: TerminalStatus, counts: Counts): Answer {
  const run = model.runs[place]!;
  if (isOver(run)) return false;
  if (run.status === 'pending' && (status === 'success' || status === 'warning'))
    return { refused: 'TRANSITION_REFUSED' };
  end(model, place, status, counts);
  return true;
}

/** The place of the run that an operation names; -1 if there are no runs yet. */
export const placeOf = (model: Model, run: number): number =>
  model.runs.length === 0 ? -1 : run % model.runs.length;

/**
 * Applies the operation to the model, and returns the expected answer; null for an operation on a run while there is none.
 *
 * @param place the place of the run that the operation names
 */
export function applyOperation(model: Model, operation: Operation, place: number): Answer {
  if (operation.do === 'reap') return reap(model);
  if (operation.do === 'enqueue' || operation.do === 'start') {
    const flow = operation.flow % model.flows.length;
    const running = underWay(model, flow);
    if (operation.do === 'start' && running !== -1) return { refused: 'FLOW_STILL_RUNNING', by: running };
    const made = add(model, flow, operation.do === 'start');
    if (operation.do === 'start') begin(model, made);
    return { run: made, status: model.runs[made]!.status };
  }
  const run = model.runs[place];
  if (run === undefined) return null;
  switch (operation.do) {
    case 'repeat':
      return { run: place, status: run.status };
    case 'begin': {
      if (run.status !== 'pending') return false;
      const running = underWay(model, run.flow);
      if (running !== -1) return { refused: 'FLOW_STILL_RUNNING', by: running };
      begin(model, place);
      return true;
    }
    case 'recordJobs':
      if (isOver(run)) return false;
      run.isStarting = operation.more && (run.jobs === null || run.isStarting);
      run.jobs = [...new Set([...(run.jobs ?? []), ...operation.jobs])];
      run.isSilent = false;
      return true;
    case 'progress':
      if (run.status !== 'running') return false;
      grow(run, operation.counts);
      run.isSilent = false;
      return true;
    case 'finish':
      return finish(model, place, operation.status, operation.counts);
    case 'cancel':
      return finish(model, place, 'cancelled', {});
    case 'settle':
      return settle(model, place, operation.states);
    case 'silence':
      run.isSilent = run.status === 'running';
      return null;
  }
}
