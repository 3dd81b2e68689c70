import { type Asked, count, declareArguments, flag, id, jobIds, optional, options } from '../../arguments';
import {
  countJobs,
  jobStates,
  jobStatuses,
  outcomeOfJobs,
  type ExecutionStatus,
  type JobCounts,
  type JobStatus,
} from '../../domain';
import { ProtectionFlowsError } from '../../errors';
import { jobIdsIn } from '../row-reader';
import { executionNotFound } from '../not-found';
import { chunks, isTableMissing, marks, bySpelling } from '../statements';
import type { Session } from '../session';
import { type Outcome, heartbeatNow, isStartingIn, metadataIn, startingFlag } from './execution-input';
import { endExecution, retryPolicy } from './transition';

/** Reads the run's status, its job ids (null: none recorded yet), and whether further jobs are to be recorded. */
async function readJobs(session: Session, id: string, lock = '') {
  const [row] = await session.select<{ status: ExecutionStatus; job_ids: unknown; is_starting: number }>(
    `SELECT status, created_job_ids AS job_ids, ${isStartingIn('execution_metadata')} AS is_starting
       FROM protection_flow_executions WHERE id = ? ${lock}`,
    [id],
  );
  if (row === undefined) throw executionNotFound(id);
  return { status: row.status, ids: jobIdsIn(row.job_ids), isStarting: Number(row.is_starting) === 1 };
}

const recording = declareArguments('ProtectionFlowExecution', {
  id,
  jobIds,
  options: options({
    more: optional(flag, false),
    expected: optional(count({ min: 0, max: 1_000_000 }), null),
  }),
});

/**
 * Appends job ids to those of the run, each once. While further jobs follow, jobs_created is the expected number, or the
 * recorded number if that is larger. With the last jobs it becomes the recorded number.
 *
 * @returns false if the run has ended: then nothing is written
 */
export function recordJobIds(session: Session, given: Asked<typeof recording>): Promise<boolean> {
  const {
    id,
    jobIds,
    options: { more, expected },
  } = recording(given);
  return session.transaction(async (own) => {
    const { status, ids, isStarting } = await readJobs(own, id, 'FOR UPDATE');
    if (status !== 'pending' && status !== 'running') return false;
    // A late message must not reopen the list after the last message closed it
    const isOpen = more && (ids === null || isStarting);
    const all = [...new Set([...(ids ?? []), ...jobIds])];
    const metadata = `JSON_SET(${metadataIn('execution_metadata')}, '$.heartbeat_at', ${heartbeatNow})`;
    await own.write(
      `UPDATE protection_flow_executions SET created_job_ids = ?,
              jobs_created = ${isOpen ? 'GREATEST(jobs_created, ?)' : '?'},
              execution_metadata = ${isOpen ? `JSON_SET(${metadata}, '$.${startingFlag}', 1)` : `JSON_REMOVE(${metadata}, '$.${startingFlag}')`}
        WHERE id = ?`,
      [JSON.stringify(all), isOpen ? Math.max(all.length, expected ?? 0) : all.length, id],
    );
    return true;
  });
}

/** The result of settling a run. */
export interface Settlement {
  /** The run's status now. */
  readonly status: ExecutionStatus;
  /** True if this call ended the run. */
  readonly settled: boolean;
  readonly jobs: JobCounts;
}

const idsAtOnce = 1_000;

async function readStates(session: Session, ids: readonly string[]) {
  const states = new Map<string, JobStatus>();
  let bytes = 0;
  for (const part of chunks(ids, idsAtOnce)) {
    const rows = await session.select<{ id: string; status: JobStatus; bytes: string | number | null }>(
      `SELECT id, status, bytes_transferred AS bytes FROM backup_jobs WHERE id IN (${marks(part)})`,
      part,
    );
    for (const row of rows) bytes += Number(row.bytes ?? 0);
    // Keys are the ids in the run's spelling, by which jobs are looked up
    for (const [id, { status }] of await bySpelling(session, 'backup_jobs', part, rows))
      // Only a newer platform knows any other status: the job may still be under way
      states.set(id, jobStatuses.includes(status) ? status : 'running');
  }
  return { states, bytes };
}

function statesUnknown(error: unknown): never {
  if (!isTableMissing(error)) throw error;
  throw new ProtectionFlowsError('PLATFORM_TABLE_MISSING', {
    message: 'the states of the jobs are unknown: the table backup_jobs does not exist',
    remedy: 'Pass the states of the jobs to settle, or create the platform’s tables.',
    details: { table: 'backup_jobs' },
    cause: error,
  });
}

function errorMessage(status: Outcome['status'], jobs: JobCounts, total: number): string | undefined {
  if (status === 'success') return undefined;
  if (total === 0) return 'No jobs were started: there was nothing to protect';
  const wrong = (['failed', 'cancelled', 'missing'] as const).filter((name) => jobs[name] > 0);
  return `Of ${total} jobs, ${wrong.map((name) => `${jobs[name]} ${name}`).join(', ')}`;
}

/** How often to judge a run again whose jobs were recorded while it was being judged. */
const maxAttempts = 5;

const settling = declareArguments('settle', {
  id,
  /** Instead of backup_jobs; a job without a state counts as missing. */
  states: optional(jobStates),
  options: options({ retry: retryPolicy }),
});

/** Reads the states of a run's jobs, and ends the run if all jobs have ended. */
export async function settleExecution(session: Session, given: Asked<typeof settling>): Promise<Settlement> {
  const { id, states: known, options } = settling(given);
  // Judges the current rows, also in a caller's transaction with an older snapshot
  const lock = session.currentRead === '' ? '' : 'FOR UPDATE';
  for (let attempt = 1; ; attempt += 1) {
    const { status, ids, isStarting } = await readJobs(session, id, lock);
    const { states, bytes } = known
      ? { states: known, bytes: 0 }
      : await readStates(session, ids ?? []).catch(statesUnknown);
    const jobs = countJobs(ids ?? [], states);
    const outcome = ids === null || isStarting || status !== 'running' ? null : outcomeOfJobs(jobs);
    if (outcome === null || ids === null) return { status, settled: false, jobs };
    const settled = await endExecution(
      session,
      id,
      {
        status: outcome,
        error_message: errorMessage(outcome, jobs, ids.length),
        jobs_completed: jobs.completed,
        jobs_failed: jobs.failed + jobs.missing,
        jobs_skipped: jobs.cancelled,
        vms_processed: jobs.completed,
        bytes_transferred: bytes,
      },
      {
        sql: `JSON_LENGTH(e.created_job_ids) = ? AND NOT ${isStartingIn('e.execution_metadata')}`,
        parameters: [ids.length],
      },
      options.retry,
    );
    if (settled) return { status: outcome, settled, jobs };
    if (attempt === maxAttempts)
      return { status: (await readJobs(session, id)).status, settled: false, jobs };
  }
}
