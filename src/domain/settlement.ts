import { types } from 'node:util';
import { refuse, type Reader } from '../arguments';
import { jobStatuses, type JobStatus, type TerminalStatus } from './words';

/** How many jobs of a run are in which state. */
export interface JobCounts {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Jobs that the run names and nobody knows. */
  readonly missing: number;
  /** Pending or running. */
  readonly active: number;
}

/** The states of jobs by their ids. */
export const jobStates: Reader<ReadonlyMap<string, JobStatus>> = (value, field, faults) => {
  const states = types.isMap(value) ? new Map(Map.prototype.entries.call(value)) : null;
  const areRight = (known: ReadonlyMap<unknown, unknown>): boolean =>
    [...known].every(([id, state]) => typeof id === 'string' && jobStatuses.includes(state as JobStatus));
  return states !== null && areRight(states)
    ? (states as Map<string, JobStatus>)
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
 * What a run has come to, by the states of its jobs; null while a job is still under way. Every mix of ended jobs ends
 * the run:
 *
 * - all completed: success
 * - all cancelled: cancelled
 * - some completed: warning
 * - none completed: error; a missing job counts as a failed one
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
