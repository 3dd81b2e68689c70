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
import { type Outcome, heartbeatNow, metadataIn, startingFlag } from './execution-input';
import { endExecution, retryPolicy } from './transition';

/** The run's state, the ids of its jobs (null: none were recorded yet), and whether further ones are to come. */
async function readJobs(session: Session, id: string, lock = '') {
  const [row] = await session.select<{ status: ExecutionStatus; job_ids: unknown; is_starting: unknown }>(
    `SELECT status, created_job_ids AS job_ids, JSON_EXTRACT(execution_metadata, '$.${startingFlag}') AS is_starting
       FROM protection_flow_executions WHERE id = ? ${lock}`,
    [id],
  );
  if (row === undefined) throw executionNotFound(id);
  return { status: row.status, ids: jobIdsIn(row.job_ids), isStarting: row.is_starting !== null };
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
 * Adds job ids to those of the run, each once, in the order in which they come. jobs_created is the number expected, as long as
 * further ones follow and no more than that have come; with the last ones it is the number of those that came.
 *
 * @returns false where the run is over: nothing is written then
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
    // A message that comes late must not open again what the last one has closed
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

/** How a run stands after its jobs were looked at. */
export interface Settlement {
  /** The run's state now. */
  readonly status: ExecutionStatus;
  /** True where this call ended it. */
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
    // By the id as the run has it, which is how the job is looked up
    for (const [id, { status }] of await bySpelling(session, 'backup_jobs', part, rows))
      // A state that only a newer platform knows: the job is not known to be over
      states.set(id, jobStatuses.includes(status) ? status : 'running');
  }
  return { states, bytes };
}

function statesUnknown(error: unknown): never {
  if (!isTableMissing(error)) throw error;
  throw new ProtectionFlowsError('PLATFORM_TABLE_MISSING', {
    message: 'the states of the jobs are not known: there is no table backup_jobs',
    remedy: 'Give settle the states of the jobs, or create the platform’s tables.',
    details: { table: 'backup_jobs' },
    cause: error,
  });
}

const sentences: readonly [keyof JobCounts, string][] = [
  ['failed', 'failed'],
  ['cancelled', 'were cancelled'],
  ['missing', 'are missing'],
];

function errorMessage(status: Outcome['status'], jobs: JobCounts, total: number): string | undefined {
  if (status === 'success') return undefined;
  if (total === 0) return 'No jobs were started: there was nothing to protect';
  const parts = sentences
    .filter(([name]) => jobs[name] > 0)
    .map(([name, sentence]) => `${jobs[name]} ${sentence}`);
  return `Of ${total} jobs, ${parts.join(', ')}`;
}

/** A run's jobs may be recorded while it is being judged: so often it is judged anew. */
const judgements = 5;

const settling = declareArguments('settle', {
  id,
  /** Where they are not in backup_jobs; a job that is not among them is missing. */
  states: optional(jobStates),
  options: options({ retry: retryPolicy }),
});

/** Looks at the states of a run's jobs and ends the run when all of them are over. */
export async function settleExecution(session: Session, given: Asked<typeof settling>): Promise<Settlement> {
  const { id, states: told, options } = settling(given);
  // What is to be judged is what is there now, also in a transaction that has read before
  const lock = session.currentRead === '' ? '' : 'FOR UPDATE';
  for (let judgement = 1; ; judgement += 1) {
    const { status, ids, isStarting } = await readJobs(session, id, lock);
    const { states, bytes } = told
      ? { states: told, bytes: 0 }
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
        sql: `JSON_LENGTH(e.created_job_ids) = ? AND JSON_EXTRACT(e.execution_metadata, '$.${startingFlag}') IS NULL`,
        parameters: [ids.length],
      },
      options.retry,
    );
    if (settled) return { status: outcome, settled, jobs };
    if (judgement === judgements)
      return { status: (await readJobs(session, id)).status, settled: false, jobs };
  }
}
