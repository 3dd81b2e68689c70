import { isTerminal, statusesBefore, type ExecutionStatus, type TerminalStatus } from '../../domain';
import { ProtectionFlowsError } from '../../errors';
import { executionNotFound } from '../refusals';
import { marks } from '../lists';
import type { Session } from '../session';
import { growingColumns, type Progress } from './execution-input';

/** How a run ended. Counts never go down; metadata is merged into what is there. */
export interface Outcome extends Progress {
  readonly status: TerminalStatus;
  /** For people. Default: what is there stays. */
  readonly error_message?: string | null;
}

/** Part of a statement with its parameters. */
export interface Sql {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The current second as it stands in execution_metadata.heartbeat_at. */
export const heartbeatNow = "DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')";

/** `alias.column = …` for the counts and the metadata that are given. */
export function progressAssignments(alias: string, progress: Progress, heartbeat: boolean): Sql[] {
  const counts = growingColumns
    .filter((column) => progress[column] !== undefined)
    .map((column) => ({
      sql: `${alias}.${column} = GREATEST(${alias}.${column}, ?)`,
      parameters: [progress[column]],
    }));
  const given = progress.execution_metadata ?? null;
  if (given === null && !heartbeat) return counts;
  const stored = `COALESCE(${alias}.execution_metadata, '{}')`;
  const merged = given === null ? stored : `JSON_MERGE_PATCH(${stored}, ?)`;
  const metadata = {
    sql: `${alias}.execution_metadata = ${heartbeat ? `JSON_SET(${merged}, '$.heartbeat_at', ${heartbeatNow})` : merged}`,
    parameters: given === null ? [] : [JSON.stringify(given)],
  };
  return [...counts, metadata];
}

const counters: Partial<Record<TerminalStatus, string>> = {
  success: 'successful_executions',
  error: 'failed_executions',
};

/**
 * The flow's side of an ended run. Its last_* follow the run that was begun last; one that never ran speaks for the flow
 * only where none runs. In an UPDATE of two tables the assignments come in no particular order, so each of them gives
 * the same whichever of the others was made before.
 */
function flowAssignments(status: TerminalStatus): Sql[] {
  const speaks =
    "(f.last_execution_id <=> e.id OR (e.started_at IS NULL AND f.last_execution_status <> 'running'))";
  const counter = counters[status];
  return [
    { sql: 'f.total_executions = f.total_executions + 1', parameters: [] },
    ...(counter === undefined ? [] : [{ sql: `f.${counter} = f.${counter} + 1`, parameters: [] }]),
    {
      sql: `f.last_execution_status = IF(${speaks}, ?, f.last_execution_status)`,
      parameters: [status],
    },
    {
      sql: `f.last_execution_time = IF(${speaks}, COALESCE(e.started_at, CURRENT_TIMESTAMP), f.last_execution_time)`,
      parameters: [],
    },
    { sql: `f.last_execution_id = IF(${speaks}, e.id, f.last_execution_id)`, parameters: [] },
  ];
}

/**
 * Ends a run: one guarded UPDATE of the execution and of its flow's statistics, so that whoever comes second changes
 * nothing and counts nothing.
 *
 * @param only a further condition on the execution `e`
 * @returns true for the one caller that ended it
 */
export async function endExecution(
  session: Session,
  id: string,
  outcome: Outcome,
  only: Sql = { sql: '', parameters: [] },
): Promise<boolean> {
  const before = statusesBefore(outcome.status);
  const assignments: Sql[] = [
    { sql: 'e.status = ?', parameters: [outcome.status] },
    { sql: 'e.completed_at = CURRENT_TIMESTAMP', parameters: [] },
    {
      // A clock that was set back must not make the column's rule refuse the end
      sql: 'e.execution_time_seconds = GREATEST(0, TIMESTAMPDIFF(SECOND, e.started_at, CURRENT_TIMESTAMP))',
      parameters: [],
    },
    ...(outcome.error_message === undefined
      ? []
      : [{ sql: 'e.error_message = ?', parameters: [outcome.error_message] }]),
    ...progressAssignments('e', outcome, false),
    ...flowAssignments(outcome.status),
  ];
  const matched = await session.write(
    `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
        SET ${assignments.map(({ sql }) => sql).join(', ')}
      WHERE e.id = ? AND e.status IN (${marks(before)}) ${only.sql && `AND ${only.sql}`}`,
    [...assignments.flatMap(({ parameters }) => parameters), id, ...before, ...only.parameters],
  );
  return matched > 0;
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
  if (isTerminal(row.status)) return false;
  throw new ProtectionFlowsError('TRANSITION_REFUSED', {
    message: `execution ${id} is pending, and can't become ${to} without having run`,
    remedy: 'Begin it first; a run that is not to take place is cancelled, or ended with error.',
    details: { id, from: row.status, to },
  });
}
