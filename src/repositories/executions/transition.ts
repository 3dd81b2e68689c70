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
import { marks, ifMigrated } from '../statements';
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

/** How often, and when, to retry a run that ended with error. */
export interface RetryPolicy {
  /** The number of attempts in all, 2 to 100. */
  readonly attempts: number;
  /** Delay before the second attempt in milliseconds, rounded up to seconds. It doubles for each further attempt. */
  readonly delayMs: number;
  /** The longest delay in milliseconds. Default: 1 hour. */
  readonly longestDelayMs?: number | undefined;
}

/** Options of calls that may end a run with error. */
export interface RetryOptions {
  readonly retry?: RetryPolicy | undefined;
}

const hourMs = 3_600_000;
const longestDelayDays = 30;
const delay = count({ min: 0, max: longestDelayDays * 24 * hourMs });

const policy: Reader<Required<RetryPolicy>> = options({
  attempts: count({ min: 2, max: 100 }),
  delayMs: delay,
  longestDelayMs: optional(delay, hourMs),
});

/** Reads a {@link RetryPolicy}, or undefined. */
export const retryPolicy = optional<Required<RetryPolicy>>((value, field, faults) => {
  const own: FieldFault[] = [];
  const given = policy(value, field, own);
  const sentences = own.flatMap(({ constraints }) => Object.values(constraints));
  return own.length === 0
    ? given
    : refuse(faults, field, 'isRetry', `must be a retry policy: ${sentences.join(', ')}`);
});

/**
 * SQL that is true for a run that is not a retry, or whose delay has passed. Ignores what another program stored there if
 * it is not a time, or a time further ahead than the longest delay and a day for a clock that was set back.
 */
export const mayBeTried = `COALESCE(JSON_UNQUOTE(JSON_EXTRACT(e.execution_metadata, '$.retry.not_before')) NOT BETWEEN
        ${heartbeatAt('UTC_TIMESTAMP() + INTERVAL 1 SECOND')} AND ${heartbeatAt(`UTC_TIMESTAMP() + INTERVAL ${longestDelayDays + 1} DAY`)}, TRUE)`;

/**
 * Queues the next attempt of a failed run, unless that was the last attempt. Copies the run's metadata without its worker,
 * heartbeat and starting flag. `retry` in the metadata holds the failed run's id, the attempt and its earliest start.
 */
async function enqueueRetry(
  session: Session,
  id: string,
  { attempts, delayMs, longestDelayMs }: RetryPolicy,
): Promise<void> {
  // Another program may have stored anything under that name
  const given = "JSON_EXTRACT(e.execution_metadata, '$.retry.attempt')";
  const attempt = `IF(JSON_TYPE(${given}) = 'INTEGER', CAST(${given} AS SIGNED), 1)`;
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

/** Executes a statement that brings runs into a state, and publishes it on the channel. Returns the matched rows. */
export const traceTransition = (
  to: ExecutionStatus,
  executionIds: readonly string[],
  write: () => Promise<number>,
): Promise<number> => traced(transitions, { to, executionIds }, write, (rows) => ({ changed: rows > 0 }));

/** The columns that the progress gives; the others stay unchanged. */
const givenColumns = (progress: Progress): (keyof Progress)[] => [
  ...growingColumns.filter((column) => progress[column] !== undefined),
  ...((progress.execution_metadata ?? null) === null ? [] : (['execution_metadata'] as const)),
];

/** `e.column = …` for the given columns, each with one parameter. */
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

/** SQL by the given columns: to assemble it takes half as long as all other work of a call. */
const statements = new BoundedCache<string>(1_000);

const progressing = declareArguments('ProtectionFlowExecution', { id, counts: progressOf });

/** Writes a heartbeat of a run under way, and its counts so far. Returns false if the run is not under way. */
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
 * The flow's assignments for an ended run. total_executions counted the run at its start; a run that never began counts
 * nowhere. last_* change if the run is the flow's last one, or if it never began and the flow shows no run under way. An
 * UPDATE of two tables assigns in no fixed order, so each assignment gives the same result before and after the others.
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
    // GREATEST, because the column refuses the negative time that a clock set back would give
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
 * Ends a run by one guarded UPDATE of the execution and of its flow's statistics: a second caller changes and counts
 * nothing.
 *
 * @param only a further condition on the execution `e`
 * @param retry queues the next attempt of a run that ends with error, in the same transaction
 * @returns true for the one caller that ended the run
 * @throws MIGRATION_PENDING if the schema is older than the status `cancelled`
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
    await ifMigrated(pauseFailing(own, id));
    return rows;
  };
  const ended = traceTransition(status, [id], () =>
    status === 'error' ? session.transaction(fail) : end(session),
  );
  return (await ended.catch((error: unknown) => Promise.reject(cancelledRefused(error)))) > 0;
}

/** Records that the work of a cancelled run has stopped. @returns true for the one caller that recorded it */
export async function acknowledgeCancel(session: Session, id: string): Promise<boolean> {
  const path = "'$.cancel_acknowledged_at'";
  const written = await session.write(
    `UPDATE protection_flow_executions e
        SET e.execution_metadata = JSON_SET(${metadataIn('e.execution_metadata')}, ${path}, ${heartbeatNow})
      WHERE e.id = ? AND e.status = 'cancelled'
        AND COALESCE(JSON_TYPE(JSON_EXTRACT(e.execution_metadata, ${path})) <> 'STRING', TRUE)`,
    [id],
  );
  return written > 0;
}

/**
 * Finds out why an execution did not go to a state.
 *
 * @returns false if it has already ended; true if its state has changed meanwhile, so that it can go there now
 * @throws EXECUTION_NOT_FOUND; TRANSITION_REFUSED if no transition leads there from its state
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
    message: `execution ${id} is ${row.status || 'in no valid state'}, and can't become ${to} without having run`,
    remedy: 'Begin it first. To drop a run, cancel it or end it with error.',
    details: { id, from: row.status, to },
  });
}
