import { ProtectionFlowsError, type ErrorReport, type RestrictingKey } from '../../errors';
import { selectNewestFirst, type Position } from '../pages';
import { forgetFlows } from '../../statistics/meaning';
import { marks, storedIds, ifMigrated, idsOf } from '../statements';
import type { Session } from '../session';
import { deleteRows, deleteRuns, type GoOn } from './prune';
import { flowNotFound } from '../not-found';

/** The result for one of several flows. */
export interface BulkItem {
  /** In the caller's spelling. */
  readonly id: string;
  readonly ok: boolean;
  /** Present if `ok` is false. */
  readonly error?: ErrorReport;
  /** For `execute` the queued run, for `cancel` the cancelled runs. */
  readonly executionIds?: readonly string[];
}

/** The results for several flows. */
export interface BulkResult {
  readonly action: 'enable' | 'disable' | 'delete' | 'execute' | 'cancel';
  readonly requested: number;
  readonly successful: number;
  readonly failed: number;
  /** In the caller's order. */
  readonly results: readonly BulkItem[];
}

/**
 * Puts together the results for the ids.
 *
 * @param errorOf null: success; `not-found`: there is no such flow
 * @param runsOf the ids of the runs that the action queued or cancelled
 */
export function bulkResult(
  action: BulkResult['action'],
  ids: readonly string[],
  errorOf: (id: string) => ErrorReport | 'not-found' | null,
  runsOf: (id: string) => readonly string[] | undefined = () => undefined,
): BulkResult {
  const results = ids.map((id): BulkItem => {
    const error = errorOf(id);
    const executionIds = runsOf(id);
    if (error === null) return { id, ok: true, ...(executionIds && { executionIds }) };
    return { id, ok: false, error: error === 'not-found' ? flowNotFound(id).toJSON() : error };
  });
  const successful = results.filter((one) => one.ok).length;
  const failed = results.length - successful;
  return { action, requested: results.length, successful, failed, results };
}

interface Found {
  readonly id: string;
  readonly enabled: number;
  readonly next_execution_time: Date | null;
}

/**
 * Deletes a flow's runs in batches until less than a batch is left; false if stopped. Each batch begins where the previous
 * one ended. From the beginning, it would first read over all deleted rows that the server has not purged yet.
 */
async function emptyFlow(session: Session, id: string, batchSize: number, goOn: GoOn): Promise<boolean> {
  for (let position: Position | undefined; ;) {
    const found = await selectNewestFirst<Position>(session, {
      columns: 'e.id, e.created_at',
      flowId: id,
      position,
      limit: batchSize,
    });
    if (found.length < batchSize) return true;
    position = found.at(-1);
    const { deleted } = await deleteRuns(session, id, idsOf(found), 'all');
    if (!(await goOn(deleted))) return false;
  }
}

/** Restores `enabled` and the next time of a flow that could not be deleted. */
const enableAgain = (session: Session, { id, enabled, next_execution_time }: Found): Promise<number> =>
  session.write(
    `UPDATE protection_flows SET enabled = ?, next_execution_time = ?
      WHERE id = ? AND enabled = 0 AND next_execution_time IS NULL`,
    [enabled, next_execution_time, id],
  );

function stillReferenced(id: string, { key, table }: RestrictingKey): ErrorReport {
  const referring = table === null ? 'rows of a table that the user may not see' : `rows of ${table}`;
  return new ProtectionFlowsError('STILL_REFERENCED', {
    message: `flow ${id} stays: ${referring} refer to it or to its executions${key === null ? '' : ` (key ${key})`}`,
    consequence:
      'The flow was not deleted and is as it was; of a long history, what nothing refers to is gone.',
    remedy: `Delete those rows${table === null ? '' : ` of ${table}`}, or let the key cascade, and delete the flow again.`,
    details: { id, key, table },
  }).toJSON();
}

function stopped(id: string): ErrorReport {
  return new ProtectionFlowsError('INTERRUPTED', {
    message: `the deletion was stopped before flow ${id} was deleted`,
    consequence: 'The flow is there, disabled, with what is left of its executions.',
    remedy: 'Delete the flow again: that continues with the remaining executions.',
    details: { id },
  }).toJSON();
}

/**
 * Deletes flows. Deletes long histories first, in batches: one cascade would hold its locks and its undo log all the time.
 * Disables the flows meanwhile, so that no claim begins new runs. Inside a caller's transaction batches gain nothing, and
 * the cascade deletes everything.
 */
export async function deleteFlowsOf(
  session: Session,
  ids: readonly string[],
  batchSize: number,
  goOn: GoOn,
): Promise<BulkResult> {
  const sql = `SELECT id, enabled, next_execution_time FROM protection_flows WHERE id IN (${marks(ids)})`;
  const found = ids.length === 0 ? [] : await session.select<Found>(sql, ids);
  const there = idsOf(found);
  const stored = await storedIds(session, 'protection_flows', ids, there);
  const result = (errorOf: (id: string) => ErrorReport | null): BulkResult =>
    bulkResult('delete', ids, (asked) => {
      const id = stored.get(asked);
      return id === undefined ? 'not-found' : errorOf(id);
    });
  if (there.length === 0) return result(() => null);
  if (!session.isJoined) {
    await session.write(
      `UPDATE protection_flows SET enabled = 0, next_execution_time = NULL WHERE id IN (${marks(there)})`,
      there,
    );
    for (const id of there) if (!(await emptyFlow(session, id, batchSize, goOn))) return result(stopped);
  }
  const { refused } = await session.transaction(async (own) => {
    const locked = await own.select<{ id: string }>(
      `SELECT id FROM protection_flows WHERE id IN (${marks(there)}) FOR UPDATE`,
      there,
    );
    const gone = await deleteRows(own, 'protection_flows', idsOf(locked));
    const forgotten = there.filter((id) => !gone.refused.has(id));
    await ifMigrated(forgetFlows(own, forgotten));
    return gone;
  });
  if (!session.isJoined) for (const flow of found) if (refused.has(flow.id)) await enableAgain(session, flow);
  return result((id) => {
    const key = refused.get(id);
    return key === undefined ? null : stillReferenced(id, key);
  });
}
