import { types } from 'node:util';
import { choice, declareArguments, refuse, type Reader } from '../arguments';

/** What a flow does: back up to a repository, or replicate to another platform. */
export const flowTypes = ['backup', 'replication'] as const;
/** What a flow does. */
export type FlowType = (typeof flowTypes)[number];

/** What a flow protects: one VM, or the enabled members of a group. */
export const targetTypes = ['vm', 'group'] as const;
/** What a flow protects. */
export type TargetType = (typeof targetTypes)[number];

/** The platforms to which a flow can replicate. */
export const destinationTypes = ['ossea', 'vmware', 'hyperv'] as const;
/** The platform to which a flow replicates. */
export type DestinationType = (typeof destinationTypes)[number];

/**
 * The statuses of a flow's latest execution. `cancelled` is last because it was appended to the column's enum, which
 * needs no rebuild of the table.
 */
export const flowStatuses = ['success', 'warning', 'error', 'running', 'pending', 'cancelled'] as const;
/** The status of a flow's latest execution. */
export type FlowStatus = (typeof flowStatuses)[number];

/** The states of one run of a flow; the last four are terminal. */
export const executionStatuses = ['pending', 'running', 'success', 'warning', 'error', 'cancelled'] as const;
/** The state of one run. */
export type ExecutionStatus = (typeof executionStatuses)[number];

/** The states that a run never leaves. */
export const terminalStatuses = ['success', 'warning', 'error', 'cancelled'] as const;
/** A state that a run never leaves. */
export type TerminalStatus = (typeof terminalStatuses)[number];

/** What started a run: the scheduler, a person, or a call of the API. */
export const executionTypes = ['scheduled', 'manual', 'api'] as const;
/** What started a run. */
export type ExecutionType = (typeof executionTypes)[number];

/** How a platform schedule fires: by its cron expression, or after the schedule before it in a chain. */
export const scheduleTypes = ['cron', 'chain'] as const;
/** How a platform schedule fires. */
export type ScheduleType = (typeof scheduleTypes)[number];

/** The states of one firing of a platform schedule. */
export const scheduleExecutionStatuses = [
  'scheduled',
  'running',
  'completed',
  'failed',
  'skipped',
  'cancelled',
] as const;
/** The state of one firing of a platform schedule. */
export type ScheduleExecutionStatus = (typeof scheduleExecutionStatuses)[number];

/** The states of one backup job; a run of a flow starts one for each VM. */
export const jobStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
/** The state of one backup job. */
export type JobStatus = (typeof jobStatuses)[number];

/** What a backup job copies: everything, or what changed since another backup. */
export const backupTypes = ['full', 'incremental', 'differential'] as const;
/** What a backup job copies. */
export type BackupType = (typeof backupTypes)[number];

/**
 * From which states a run may change to each state. A pending run may end without having run: it is cancelled, or can't
 * be started (error). Only a running run may change to success or warning.
 */
const before: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  pending: [],
  running: ['pending'],
  success: ['running'],
  warning: ['running'],
  error: ['pending', 'running'],
  cancelled: ['pending', 'running'],
};

const readTo = declareArguments('statusesBefore', { to: choice(executionStatuses) });

/**
 * Returns the states from which a run may change to this one, for the WHERE of a guarded update.
 *
 * @throws VALIDATION_FAILED for a value that is no state
 */
export function statusesBefore(to: ExecutionStatus): ExecutionStatus[] {
  return [...before[readTo({ to }).to]];
}

/** The number of a run's jobs in each state. */
export interface JobCounts {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Jobs of the run whose state is not known. */
  readonly missing: number;
  /** Pending or running. */
  readonly active: number;
}

/** Reads a Map of job ids to states. */
export const jobStates: Reader<ReadonlyMap<string, JobStatus>> = (value, field, faults) => {
  const states = types.isMap(value) ? [...Map.prototype.entries.call(value)] : null;
  const isRight = ([id, state]: [unknown, unknown]): boolean =>
    typeof id === 'string' && jobStatuses.includes(state as JobStatus);
  return states !== null && states.every(isRight)
    ? new Map(states as [string, JobStatus][])
    : refuse(faults, field, 'isMap', `must be a Map of job ids to their states: ${jobStatuses.join(', ')}`);
};

/** Counts the states of a run's jobs; a job without a state is missing. */
export function countJobs(jobIds: readonly string[], states: ReadonlyMap<string, JobStatus>): JobCounts {
  const counts = { completed: 0, failed: 0, cancelled: 0, missing: 0, active: 0 };
  for (const id of jobIds) {
    const state = states.get(id) ?? 'missing';
    counts[state === 'pending' || state === 'running' ? 'active' : state] += 1;
  }
  return counts;
}

/**
 * Returns how a run ends, from the states of its jobs; null while a job is under way. Any mix of ended jobs ends the run:
 *
 * - all completed: success
 * - all cancelled: cancelled
 * - some completed: warning
 * - none completed: error; a missing job counts as failed
 * - no jobs at all: warning, since nothing was protected
 */
export function outcomeOfJobs(counts: JobCounts): TerminalStatus | null {
  const { completed, failed, cancelled, missing, active } = counts;
  if (active > 0) return null;
  const total = completed + failed + cancelled + missing;
  if (total === 0) return 'warning';
  if (completed === total) return 'success';
  if (cancelled === total) return 'cancelled';
  return completed > 0 ? 'warning' : 'error';
}
