import {
  choice,
  declareArguments,
  ids,
  longText,
  name,
  nullable,
  optional,
  options,
  type Asked,
} from '../../arguments';
import { executionTypes, type Optional } from '../../domain';
import { isProtectionFlowsError, type ErrorReport } from '../../errors';
import type { NewExecution } from '../executions/execution-input';
import { enqueueExecution } from '../executions/start';
import { endExecution } from '../executions/transition';
import { flowNotFound } from '../not-found';
import type { Session } from '../session';
import { idsOf, marks, storedIds } from '../statements';
import { bulkResult, type BulkResult } from '../retention/delete-flows';

/** The columns that all runs of one call get. */
export type BulkExecution = Optional<Pick<NewExecution, 'execution_type' | 'triggered_by'>>;

/**
 * Does `work` once for each flow, by its stored id. The failure of one does not affect the others, and is reported with its
 * flow. TRANSACTION_ABORTED in a caller's transaction is thrown, because then all its work is lost.
 *
 * @param work returns the ids of the runs that it created or ended
 */
async function eachFlow(
  session: Session,
  action: BulkResult['action'],
  ids: readonly string[],
  work: (id: string) => Promise<string[]>,
): Promise<BulkResult> {
  const errors = new Map<string, ErrorReport>();
  const runs = new Map<string, string[]>();
  const sql = `SELECT id FROM protection_flows WHERE id IN (${marks(ids)})`;
  const found = ids.length === 0 ? [] : await session.select<{ id: string }>(sql, ids);
  const stored = await storedIds(session, 'protection_flows', ids, idsOf(found));
  const idOf = (id: string): string => stored.get(id) ?? id;
  for (const id of new Set(ids.map(idOf))) {
    try {
      runs.set(id, await work(id));
    } catch (error) {
      if (!isProtectionFlowsError(error)) throw error;
      if (session.isJoined && isProtectionFlowsError(error, 'TRANSACTION_ABORTED')) throw error;
      errors.set(id, error.toJSON());
    }
  }
  return bulkResult(
    action,
    ids,
    (id) => errors.get(idOf(id)) ?? null,
    (id) => runs.get(idOf(id)),
  );
}

const executing = declareArguments('bulkExecute', {
  ids,
  run: options({ execution_type: optional(choice(executionTypes), 'api'), triggered_by: optional(name) }),
});

/** Queues a run of each flow. */
export function executeFlows(session: Session, given: Asked<typeof executing>): Promise<BulkResult> {
  const { ids, run } = executing(given);
  const { execution_type, triggered_by } = run;
  return eachFlow(session, 'execute', ids, async (flow_id) => [
    (await enqueueExecution(session, { flow_id, execution_type, triggered_by })).id,
  ]);
}

/** Returns the ids of a flow's queued and running runs, oldest first. @throws FLOW_NOT_FOUND */
async function openRuns(session: Session, flowId: string): Promise<string[]> {
  const rows = await session.select<{ id: string | null; created_at: Date | null }>(
    `SELECT e.id, e.created_at FROM protection_flows f LEFT JOIN protection_flow_executions e
         ON e.flow_id = f.id AND e.status IN ('pending', 'running')
      WHERE f.id = ? ${session.currentRead}`,
    [flowId],
  );
  if (rows.length === 0) throw flowNotFound(flowId);
  return rows
    .flatMap(({ id, created_at }) => (id === null ? [] : [{ id, at: created_at?.getTime() ?? 0 }]))
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
    .map(({ id }) => id);
}

const cancelling = declareArguments('bulkCancel', { ids, reason: optional(nullable(longText)) });

/** Cancels the runs of each flow that are queued or under way. */
export function cancelFlows(session: Session, given: Asked<typeof cancelling>): Promise<BulkResult> {
  const { ids, reason } = cancelling(given);
  return eachFlow(session, 'cancel', ids, (flowId) =>
    session.transaction(async (own) => {
      const cancelled: string[] = [];
      for (const id of await openRuns(own, flowId))
        if (await endExecution(own, id, { status: 'cancelled', error_message: reason })) cancelled.push(id);
      return cancelled;
    }),
  );
}
