import { type TerminalStatus, jobStatuses, type JobStatus } from './words';
import { types } from 'node:util';
import { count, declareArguments, jobIds, options, refuse, type Reader } from '../arguments';

/** How many jobs of a run are in which state. */
export interface JobCounts {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Named by the run, and nobody knows them. */
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

const readJobs = declareArguments('countJobs', { jobIds, states: jobStates });
const howMany = count({ min: 0, max: Number.MAX_SAFE_INTEGER });
const readCounts = declareArguments('outcomeOfJobs', {
  counts: options({
    completed: howMany,
    failed: howMany,
    cancelled: howMany,
    missing: howMany,
    active: howMany,
  }),
});

/**
 * Counts the states of a run's jobs; a job without a state is missing.
 *
 * @throws VALIDATION_FAILED for what is no list of ids, or no Map of states
 */
export function countJobs(jobIds: readonly string[], states: ReadonlyMap<string, JobStatus>): JobCounts {
  const jobs = readJobs({ jobIds, states });
  const counts = { completed: 0, failed: 0, cancelled: 0, missing: 0, active: 0 };
  for (const id of jobs.jobIds) {
    const state = jobs.states.get(id) ?? 'missing';
    counts[state === 'pending' || state === 'running' ? 'active' : state] += 1;
  }
  return counts;
}

/**
 * What a run has come to, by the states of its jobs; null while a job is still under way. Every mix of ended jobs ends the run:
 *
 * - all completed: success
 * - all cancelled: cancelled
 * - some completed: warning
 * - none completed: error; a missing job counts as a failed one
 * - no jobs at all: warning, since nothing was protected
 *
 * @throws VALIDATION_FAILED for what {@link countJobs} does not answer
 */
export function outcomeOfJobs(counts: JobCounts): TerminalStatus | null {
  const { completed, failed, cancelled, missing, active } = readCounts({ counts }).counts;
  if (active > 0) return null;
  const total = completed + failed + cancelled + missing;
  if (total === 0) return 'warning';
  if (completed === total) return 'success';
  if (cancelled === total) return 'cancelled';
  return completed > 0 ? 'warning' : 'error';
}
