import {
  type Asked,
  count,
  declareArguments,
  id,
  options,
  optional,
  refuse,
  type Reader,
} from '../../arguments';
import { statusesBefore, terminalStatuses, type ExecutionStatus, type TerminalStatus } from '../../domain';
import { ProtectionFlowsError, type FieldFault } from '../../errors';
import { BoundedCache } from '../../schedule/bounded-cache';
import { pauseFailing } from '../flows/pauses';
import { executionNotFound } from '../not-found';
import { cancelledRefused } from '../refusals';
import { marks, whereKept } from '../statements';
import type { Where } from '../pages';
import type { Session } from '../session';
import { channelNamed, traced } from '../../tracing';
import {
  growingColumns,
  progressOf,
  type Outcome,
  type Progress,
  heartbeatNow,
  metadataIn,
  heartbeatAt,
  startingFlag,
} from './execution-input';
import { uuidv7 } from 'uuidv7';

/** Whether a run that ended with error is tried again, and when. */
export interface RetryPolicy {
  /** How often a run is tried in all, 2 to 100. */
  readonly attempts: number;
  /** Before the second attempt, in milliseconds; twice as long before each further one. In whole seconds, by the server's clock. */
  readonly delayMs: number;
  /** Default: 1 hour. */
  readonly longestDelayMs?: number | undefined;
}

/** Says how a run is tried again. */
export interface RetryOptions {
  readonly retry?: RetryPolicy | undefined;
}

const hourMs = 3_600_000;
const delay = count({ min: 0, max: 30 * 24 * hourMs });

const policy: Reader<Required<RetryPolicy>> = options({
  attempts: count({ min: 2, max: 100 }),
  delayMs: delay,
  longestDelayMs: optional(delay, hourMs),
});

/** A {@link RetryPolicy}, or none. */
export const retryPolicy = optional<Required<RetryPolicy>>((value, field, faults) => {
  const own: FieldFault[] = [];
  const given = policy(value, field, own);
  const sentences = own.flatMap(({ constraints }) => Object.values(constraints));
  return own.length === 0 ? given : refuse(faults, field, 'isRetry', `is no policy: ${sentences.join(', ')}`);
});

/** SQL that is true for a run whose time to be tried again has come, or that is none. */
export const mayBeTried = `COALESCE(JSON_UNQUOTE(JSON_EXTRACT(e.execution_metadata, '$.retry.not_before')) <= ${heartbeatNow}, TRUE)`;

/**
 * Puts the next attempt of a run that failed into the queue, unless that was the last. Its metadata are those of the run, but for
 * what says how that one went; `retry` names it, counts, and says when.
 */
export async function enqueueRetry(
  session: Session,
  id: string,
  { attempts, delayMs, longestDelayMs }: RetryPolicy,
): Promise<void> {
  const attempt = "COALESCE(CAST(JSON_EXTRACT(e.execution_metadata, '$.retry.attempt') AS UNSIGNED), 1)";
  const at = heartbeatAt(
    `UTC_TIMESTAMP() + INTERVAL CEIL(LEAST(?, ? * POW(2, ${attempt} - 1)) / 1000) SECOND`,
  );
  await session.write(
    `INSERT INTO protection_flow_executions (id, flow_id, execution_type, triggered_by, schedule_execution_id, execution_metadata)
     SELECT ?, e.flow_id, e.execution_type, e.triggered_by, e.schedule_execution_id,
            JSON_SET(JSON_REMOVE(${metadataIn('e.execution_metadata')}, '$.worker', '$.heartbeat_at', '$.${startingFlag}'),
                     '$.retry', JSON_OBJECT('of', e.id, 'attempt', ${attempt} + 1, 'not_before', ${at}))
       FROM protection_flow_executions e WHERE e.id = ? AND ${attempt} < ?`,
    [uuidv7(), longestDelayMs, delayMs, id, attempts],
  );
}

const transitions = channelNamed('transition');

/** Executes a statement that brings runs into a state, and tells of it; answers how many rows it matched. */
export const traceTransition = (
  to: ExecutionStatus,
  executionIds: readonly string[],
  write: () => Promise<number>,
): Promise<number> => traced(transitions, { to, executionIds }, write, (rows) => ({ changed: rows > 0 }));

/** The counts and the metadata that are given; the rest stays as it is. */
const givenColumns = (progress: Progress): (keyof Progress)[] => [
  ...growingColumns.filter((column) => progress[column] !== undefined),
  ...((progress.execution_metadata ?? null) === null ? [] : (['execution_metadata'] as const)),
];

/** `e.column = …` for the columns that are given, each with one parameter. */
function progressAssignments(given: readonly (keyof Progress)[], heartbeat: boolean): string[] {
  const counts = given
    .filter((column) => column !== 'execution_metadata')
    .map((column) => `e.${column} = GREATEST(e.${column}, ?)`);
  const hasMetadata = given.includes('execution_metadata');
  if (!hasMetadata && !heartbeat) return counts;
  const stored = metadataIn('e.execution_metadata');
  const merged = hasMetadata ? `JSON_MERGE_PATCH(${stored}, ?)` : stored;
  const written = heartbeat ? `JSON_SET(${merged}, '$.heartbeat_at', ${heartbeatNow})` : merged;
  return [...counts, `e.execution_metadata = ${written}`];
}

const progressParameters = (progress: Progress, given: readonly (keyof Progress)[]): unknown[] =>
  given.map((column) =>
    column === 'execution_metadata' ? JSON.stringify(progress.execution_metadata) : progress[column],
  );

/** Statements by what is given in them: to put one together takes as long as half of the rest. */
const statements = new BoundedCache<string>(1_000);

const progressing = declareArguments('ProtectionFlowExecution', { id, counts: progressOf });

/** A sign of life of a run that is under way, and its counts so far; false where it is not. */
export async function noteProgress(session: Session, asked: Asked<typeof progressing>): Promise<boolean> {
  const { id, counts } = progressing(asked);
  const given = givenColumns(counts);
  const sql = statements.get(
    `progress ${given.join()}`,
    () =>
      `UPDATE protection_flow_executions e SET ${progressAssignments(given, true).join(', ')}
        WHERE e.id = ? AND e.status = 'running'`,
  );
  return (await session.write(sql, [...progressParameters(counts, given), id])) > 0;
}

const counters: Partial<Record<TerminalStatus, string>> = {
  success: 'successful_executions',
  error: 'failed_executions',
};

/**
 * The flow's side of an ended run; the total has counted it when it began, and a run that never began is not counted. Its
 * last_* follow the run that was begun last; one that never ran speaks for the flow only where none runs. In an UPDATE
 * of two tables the assignments come in no particular order, so each of them gives the same whichever of the others was
 * made before.
 */
function flowAssignments(status: TerminalStatus): string[] {
  const speaks =
    "(f.last_execution_id <=> e.id OR (e.started_at IS NULL AND f.last_execution_status <> 'running'))";
  const counter = counters[status];
  return [
    ...(counter === undefined ? [] : [`f.${counter} = f.${counter} + (e.started_at IS NOT NULL)`]),
    `f.last_execution_status = IF(${speaks}, ?, f.last_execution_status)`,
    `f.last_execution_time = IF(${speaks}, CURRENT_TIMESTAMP, f.last_execution_time)`,
    `f.last_execution_id = IF(${speaks}, e.id, f.last_execution_id)`,
  ];
}

function endSql(
  outcome: Outcome,
  given: readonly (keyof Progress)[],
  before: readonly string[],
  only: string,
): string {
  const assignments = [
    'e.status = ?',
    'e.completed_at = CURRENT_TIMESTAMP',
    // A clock that was set back must not make the column's rule refuse the end
    'e.execution_time_seconds = GREATEST(0, TIMESTAMPDIFF(SECOND, e.started_at, CURRENT_TIMESTAMP))',
    ...(outcome.error_message === undefined ? [] : ['e.error_message = ?']),
    ...progressAssignments(given, false),
    ...flowAssignments(outcome.status),
  ];
  return `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
        SET ${assignments.join(', ')}
      WHERE e.id = ? AND e.status IN (${marks(before)}) ${only && `AND ${only}`}`;
}

/**
 * Ends a run: one guarded UPDATE of the execution and of its flow's statistics, so that whoever comes second changes
 * nothing and counts nothing.
 *
 * @param only a further condition on the execution `e`
 * @param retry how one that ends with error is tried again: queued in the same transaction
 * @returns true for the one caller that ended it
 * @throws MIGRATION_PENDING where the schema is older than `cancelled`
 */
export async function endExecution(
  session: Session,
  id: string,
  outcome: Outcome,
  only: Where = { sql: '', parameters: [] },
  retry?: RetryPolicy,
): Promise<boolean> {
  const { status, error_message } = outcome;
  const before = statusesBefore(status);
  const given = givenColumns(outcome);
  const sql = statements.get(
    ['end', status, error_message !== undefined, given.join(), only.sql].join(' '),
    () => endSql(outcome, given, before, only.sql),
  );
  const parameters = [
    status,
    ...(error_message === undefined ? [] : [error_message]),
    ...progressParameters(outcome, given),
    status,
    id,
    ...before,
    ...only.parameters,
  ];
  const end = (own: Session): Promise<number> => own.write(sql, parameters);
  const fail = async (own: Session): Promise<number> => {
    const rows = await end(own);
    if (rows === 0) return rows;
    if (retry !== undefined) await enqueueRetry(own, id, retry);
    await whereKept(pauseFailing(own, id));
    return rows;
  };
  const ended = traceTransition(status, [id], () =>
    status === 'error' ? session.transaction(fail) : end(session),
  );
  return (await ended.catch((error: unknown) => Promise.reject(cancelledRefused(error)))) > 0;
}

/** @returns true for the one caller that said that the work of a cancelled run has stopped */
export async function acknowledgeCancel(session: Session, id: string): Promise<boolean> {
  const path = "'$.cancel_acknowledged_at'";
  const written = await session.write(
    `UPDATE protection_flow_executions e
        SET e.execution_metadata = JSON_SET(${metadataIn('e.execution_metadata')}, ${path}, ${heartbeatNow})
      WHERE e.id = ? AND e.status = 'cancelled' AND JSON_EXTRACT(e.execution_metadata, ${path}) IS NULL`,
    [id],
  );
  return written > 0;
}

/**
 * Says why an execution did not go to a state: false where it is over already, true where it has begun meanwhile, and so
 * can go there now.
 *
 * @throws EXECUTION_NOT_FOUND; TRANSITION_REFUSED where its state has no way there
 */
export async function explainRefusal(session: Session, id: string, to: ExecutionStatus): Promise<boolean> {
  const [row] = await session.select<{ status: ExecutionStatus }>(
    `SELECT status FROM protection_flow_executions WHERE id = ? ${session.currentRead}`,
    [id],
  );
  if (row === undefined) throw executionNotFound(id);
  if (statusesBefore(to).includes(row.status)) return true;
  if (terminalStatuses.some((terminal) => terminal === row.status)) return false;
  throw new ProtectionFlowsError('TRANSITION_REFUSED', {
    message: `execution ${id} is ${row.status || 'in no state that there is'}, and can't become ${to} without having run`,
    remedy: 'Begin it first; a run that is not to take place is cancelled, or ended with error.',
    details: { id, from: row.status, to },
  });
}
