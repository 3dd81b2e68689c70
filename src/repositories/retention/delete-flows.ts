import { ProtectionFlowsError, type ErrorReport, type RestrictingKey } from '../../errors';
import { selectNewestFirst, type Position } from '../pages';
import { forgetFlows } from '../../statistics/meaning';
import { marks, storedIds, whereKept, idsOf } from '../statements';
import type { Session } from '../session';
import { deleteRows, deleteRuns, type GoOn } from './prune';
import { flowNotFound } from '../not-found';

/** What became of one of several flows. */
export interface BulkItem {
  /** As it was asked for. */
  readonly id: string;
  readonly ok: boolean;
  /** Where it is not. */
  readonly error?: ErrorReport;
  /** Of `execute` the run that was put into the queue, of `cancel` those that were cancelled. */
  readonly executionIds?: readonly string[];
}

/** What became of several flows. */
export interface BulkResult {
  readonly action: 'enable' | 'disable' | 'delete' | 'execute' | 'cancel';
  readonly requested: number;
  readonly successful: number;
  readonly failed: number;
  /** In the order asked for. */
  readonly results: readonly BulkItem[];
}

/**
 * What became of each of the ids.
 *
 * @param errorOf null: it is done; `not-found`: there is no such flow
 * @param runs of the flows for which it is done, where it is done to their runs
 */
export function bulkResult(
  action: BulkResult['action'],
  ids: readonly string[],
  errorOf: (id: string) => ErrorReport | 'not-found' | null,
  runs: ReadonlyMap<string, readonly string[]> = new Map(),
): BulkResult {
  const results = ids.map((id): BulkItem => {
    const error = errorOf(id);
    const executionIds = runs.get(id);
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
 * Deletes a flow's runs in batches until less than a batch is left; false where it was stopped. Each batch begins where
 * the one before ended: from the beginning, it would first pass over all that is deleted and not purged yet.
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
    const { deleted } = await deleteRuns(session, id, idsOf(found));
    if (!(await goOn(deleted))) return false;
  }
}

/** A flow that stays runs on as before. */
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
    remedy: 'Delete it again: it goes on with what is left.',
    details: { id },
  }).toJSON();
}

/**
 * Deletes flows. A long history goes first and in batches: as one cascade it would hold its locks, and keep its undo
 * log, for as long as it takes. Meanwhile the flows are disabled, so that nothing new is claimed for them. In a caller's
 * transaction there is one transaction anyway, and the cascade does it all.
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
    await whereKept(forgetFlows(own, forgotten));
    return gone;
  });
  if (!session.isJoined) for (const flow of found) if (refused.has(flow.id)) await enableAgain(session, flow);
  return result((id) => {
    const key = refused.get(id);
    return key === undefined ? null : stillReferenced(id, key);
  });
}
