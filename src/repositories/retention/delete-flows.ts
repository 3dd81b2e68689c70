import type { Position } from '../cursor';
import { selectNewestFirst } from '../executions/newest-first';
import { marks } from '../lists';
import type { Session } from '../session';
import type { GoOn } from './prune';

/** Of these flows, those that are there. */
async function existing(session: Session, ids: readonly string[]): Promise<string[]> {
  const rows = await session.select<{ id: string }>(
    `SELECT id FROM protection_flows WHERE id IN (${marks(ids)})`,
    ids,
  );
  return rows.map(({ id }) => id);
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
    const ids = found.map((run) => run.id);
    const gone = await session.write(
      `DELETE FROM protection_flow_executions WHERE id IN (${marks(ids)})`,
      ids,
    );
    if (!(await goOn(gone))) return false;
  }
}

/**
 * Deletes flows. A long history goes first and in batches: as one cascade it would hold its locks, and keep its undo
 * log, for as long as it takes. Meanwhile the flows are disabled, so that nothing new is claimed for them. In a caller's
 * transaction there is one transaction anyway, and the cascade does it all.
 *
 * @returns the ids that were there and are deleted; of a run that was stopped, none
 */
export async function deleteFlowsOf(
  session: Session,
  ids: readonly string[],
  batchSize: number,
  goOn: GoOn,
): Promise<string[]> {
  const there = ids.length === 0 ? [] : await existing(session, ids);
  if (there.length === 0) return [];
  if (!session.isJoined) {
    await session.write(
      `UPDATE protection_flows SET enabled = 0, next_execution_time = NULL WHERE id IN (${marks(there)})`,
      there,
    );
    for (const id of there) if (!(await emptyFlow(session, id, batchSize, goOn))) return [];
  }
  await session.write(`DELETE FROM protection_flows WHERE id IN (${marks(there)})`, there);
  return there;
}
