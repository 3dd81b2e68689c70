import { terminalStatuses } from '../../domain';
import type { Position } from '../cursor';
import { selectNewestFirst } from '../executions/newest-first';
import { marks } from '../lists';
import type { Session } from '../session';

/** Which runs of a flow go, and how. */
export interface PruneRule {
  /** Those that ended before this instant; null: age does not matter. */
  readonly endedBefore: Date | null;
  /** Those beyond the newest so many; null: their number does not matter. */
  readonly keepPerFlow: number | null;
  readonly batchSize: number;
  readonly dryRun: boolean;
}

/** Asked between two batches: false stops there. */
export type GoOn = (deleted: number) => Promise<boolean>;

const terminal = marks(terminalStatuses);

/** The newest run of a flow but so many; null where there are not so many. */
async function nthNewest(session: Session, flowId: string, skip: number): Promise<Position | null> {
  const [row] = await session.select<Position>(
    `SELECT e.id, e.created_at FROM protection_flow_executions e WHERE e.flow_id = ?
      ORDER BY e.created_at DESC, e.id DESC LIMIT 1 OFFSET ?`,
    [flowId, skip],
  );
  return row ?? null;
}

/** Deletes runs in batches, each a statement and so a transaction of its own, newest first from a position on. */
async function deleteBehind(
  session: Session,
  flow: PrunableFlow,
  from: Position,
  condition: string,
  parameters: readonly unknown[],
  rule: PruneRule,
  goOn: GoOn,
): Promise<{ deleted: number; complete: boolean }> {
  let deleted = 0;
  for (let position = from; ;) {
    const found = await selectNewestFirst<Position>(session, {
      columns: 'e.id, e.created_at',
      flowId: flow.id,
      position,
      limit: rule.batchSize,
      condition: `AND e.status IN (${terminal}) ${condition}`,
      parameters: [...terminalStatuses, ...parameters],
    });
    const last = found.at(-1);
    if (last === undefined) return { deleted, complete: true };
    const ids = found.map((run) => run.id).filter((id) => id !== flow.last_execution_id);
    const gone = rule.dryRun ? ids.length : await deleteRuns(session, ids);
    deleted += gone;
    if (!(await goOn(gone))) return { deleted, complete: false };
    if (found.length < rule.batchSize) return { deleted, complete: true };
    position = last;
  }
}

async function deleteRuns(session: Session, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  return session.write(
    `DELETE FROM protection_flow_executions WHERE id IN (${marks(ids)}) AND status IN (${terminal})`,
    [...ids, ...terminalStatuses],
  );
}

/** A flow, and the run that it shows as its last one. */
export interface PrunableFlow {
  readonly id: string;
  readonly last_execution_id: string | null;
}

/**
 * Deletes a flow's old runs. Kept are the newest one, the one that the flow shows as its last, and every run that is not
 * over.
 */
export async function pruneFlow(
  session: Session,
  flow: PrunableFlow,
  rule: PruneRule,
  goOn: GoOn,
): Promise<{ deleted: number; complete: boolean }> {
  const newest = await nthNewest(session, flow.id, 0);
  if (newest === null) return { deleted: 0, complete: true };
  let deleted = 0;
  if (rule.endedBefore !== null) {
    const from = newest.created_at < rule.endedBefore ? newest : { created_at: rule.endedBefore, id: '' };
    const condition = 'AND COALESCE(e.completed_at, e.created_at) < ?';
    const aged = await deleteBehind(session, flow, from, condition, [rule.endedBefore], rule, goOn);
    if (!aged.complete) return aged;
    deleted += aged.deleted;
  }
  if (rule.keepPerFlow !== null) {
    const from = await nthNewest(session, flow.id, Math.max(0, rule.keepPerFlow - 1));
    if (from === null) return { deleted, complete: true };
    // A dry run has deleted nothing: what age has counted must not be counted again
    const condition =
      rule.dryRun && rule.endedBefore !== null ? 'AND COALESCE(e.completed_at, e.created_at) >= ?' : '';
    const parameters = condition === '' ? [] : [rule.endedBefore];
    const beyond = await deleteBehind(session, flow, from, condition, parameters, rule, goOn);
    return { deleted: deleted + beyond.deleted, complete: beyond.complete };
  }
  return { deleted, complete: true };
}

/** A page of flows in the order of their ids. */
export function selectPrunable(session: Session, after: string, limit: number): Promise<PrunableFlow[]> {
  return session.select(
    'SELECT id, last_execution_id FROM protection_flows WHERE id > ? ORDER BY id LIMIT ?',
    [after, limit],
  );
}
