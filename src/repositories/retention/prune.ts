import { restrictingKey, type RestrictingKey } from '../../errors';
import { marks, whereKept, withIndex, idsOf } from '../statements';
import type { Session } from '../session';
import { undoneInSilence } from '../lost-transactions';
import { terminalStatuses } from '../../domain';
import { pruneLedger } from '../due/ledger';
import { keepRemoved, type RemovedRun } from '../../statistics/meaning';
import { selectNewestFirst, type Position, type Where } from '../pages';

/** What became of rows that were to be deleted. */
export interface Deletion {
  readonly deleted: number;
  /** Id → the key of those that stay, as a row of another table refers to them. */
  readonly refused: ReadonlyMap<string, RestrictingKey>;
}

const nothing: Deletion = { deleted: 0, refused: new Map() };

const both = (one: Deletion, other: Deletion): Deletion => ({
  deleted: one.deleted + other.deleted,
  refused: new Map([...one.refused, ...other.refused]),
});

/**
 * Deletes rows by their ids, which this transaction has locked. One that a row of another table refers to, and that the key
 * does not let go, does not keep the others: what the server refuses as a whole is asked for in halves.
 */
export async function deleteRows(
  session: Session,
  table: 'protection_flows' | 'protection_flow_executions',
  ids: readonly string[],
): Promise<Deletion> {
  const [first] = ids;
  if (first === undefined) return nothing;
  try {
    const deleted = await session.write(`DELETE FROM ${table} WHERE id IN (${marks(ids)})`, ids);
    if (deleted < ids.length) await session.giveUp(undoneInSilence(table, ids.length, deleted));
    return { deleted, refused: new Map() };
  } catch (error) {
    const key = restrictingKey(error);
    if (key === null) throw error;
    if (ids.length === 1) return { deleted: 0, refused: new Map([[first, key]]) };
    const half = Math.ceil(ids.length / 2);
    const one = await deleteRows(session, table, ids.slice(0, half));
    return both(one, await deleteRows(session, table, ids.slice(half)));
  }
}

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

/** Which of a flow's runs are not deleted, asked once they are locked. */
type Staying = (own: Session) => Promise<readonly string[]>;

/** The newest run of a flow but so many; null where there are not so many. */
async function nthNewest(session: Session, flowId: string, skip: number): Promise<Position | null> {
  const [row] = await session.select<Position>(
    `SELECT e.id, e.created_at FROM protection_flow_executions e WHERE e.flow_id = ?
      ORDER BY e.created_at DESC, e.id DESC LIMIT 1 OFFSET ?`,
    [flowId, skip],
  );
  return row ?? null;
}

/** What became of a flow's old runs; not complete: stopped between two batches. */
type PrunedFlow = Deletion & { readonly complete: boolean };

/**
 * Deletes runs in batches, each a statement and so a transaction of its own, newest first from a position on.
 *
 * @param stays the runs that are not deleted
 */
async function deleteBehind(
  session: Session,
  flowId: string,
  stays: readonly string[],
  from: Position,
  { sql, parameters }: Where,
  { batchSize, dryRun }: PruneRule,
  goOn: GoOn,
): Promise<PrunedFlow> {
  let deleted = 0;
  const refused = new Map<string, RestrictingKey>();
  for (let position = from; ;) {
    const found = await selectNewestFirst<Position>(session, {
      columns: 'e.id, e.created_at',
      flowId,
      position,
      limit: batchSize,
      condition: `AND e.status IN (${marks(terminalStatuses)}) ${stays.map(() => 'AND e.id <> ?').join(' ')} ${sql}`,
      parameters: [...terminalStatuses, ...stays, ...parameters],
    });
    const last = found.at(-1);
    if (last === undefined) return { deleted, refused, complete: true };
    const gone = dryRun
      ? { ...nothing, deleted: found.length }
      : await deleteRuns(session, flowId, idsOf(found), (own) => staying(own, flowId));
    deleted += gone.deleted;
    for (const [id, key] of gone.refused) refused.set(id, key);
    if (!(await goOn(gone.deleted))) return { deleted, refused, complete: false };
    if (found.length < batchSize) return { deleted, refused, complete: true };
    position = last;
  }
}

/**
 * Deletes runs of a flow, and keeps how many of them its statistics have counted, in one transaction: the counters stay
 * what the rows that are left, and those that were removed, make them.
 *
 * @param staying null: all of the runs go, whatever they are; otherwise those that are over, but for these
 */
export function deleteRuns(
  session: Session,
  flowId: string,
  ids: readonly string[],
  staying: Staying | null = null,
): Promise<Deletion> {
  const ended = staying === null ? [] : terminalStatuses;
  return session.transaction(async (own) => {
    const locked = await own.select<RemovedRun & { readonly id: string }>(
      `SELECT id, status, started_at IS NOT NULL AS has_begun FROM protection_flow_executions
        WHERE id IN (${marks(ids)}) ${staying === null ? '' : `AND status IN (${marks(ended)})`} FOR UPDATE`,
      [...ids, ...ended],
    );
    // One that ended since it was found may be what its flow shows now
    const stays = locked.length === 0 ? [] : ((await staying?.(own)) ?? []);
    const found = locked.filter(({ id }) => !stays.includes(id));
    const gone = await deleteRows(own, 'protection_flow_executions', idsOf(found));
    const removed = found.filter(({ id }) => !gone.refused.has(id));
    await whereKept(keepRemoved(own, flowId, removed));
    return gone;
  }, 'READ COMMITTED');
}

/** The runs that stay, however old: the one that the flow shows as its last, and its newest success; as they are stored. */
async function staying(session: Session, flowId: string): Promise<string[]> {
  const success = await withIndex<{ id: string }>(
    session,
    'idx_executions_flow_status_created',
    (hint) =>
      `SELECT e.id FROM protection_flow_executions e ${hint} WHERE e.flow_id = ? AND e.status = 'success'
        ORDER BY e.created_at DESC, e.id DESC LIMIT 1 ${session.currentRead}`,
    [flowId],
  );
  // The ids are compared by the server: others may have spelled the one shown in their own way
  const shown = await session.select<{ id: string }>(
    `SELECT e.id FROM protection_flows f JOIN protection_flow_executions e ON e.id = f.last_execution_id
      WHERE f.id = ? ${session.currentRead}`,
    [flowId],
  );
  return idsOf([...success, ...shown]);
}

const endOf = 'COALESCE(e.completed_at, e.created_at)';

/**
 * Deletes a flow's old runs. Kept are the newest one, the one that the flow shows as its last, the newest success, every run that
 * is not over, and those that a row of another table refers to by a key that does not let them go.
 */
export async function pruneFlow(
  session: Session,
  flowId: string,
  rule: PruneRule,
  goOn: GoOn,
): Promise<PrunedFlow> {
  const { endedBefore, keepPerFlow, dryRun } = rule;
  let aged: PrunedFlow = { ...nothing, complete: true };
  const newest = await nthNewest(session, flowId, 0);
  if (!dryRun && endedBefore !== null) await pruneLedger(session, flowId, endedBefore);
  if (newest === null) return aged;
  const stays = await staying(session, flowId);
  if (endedBefore !== null) {
    const from = newest.created_at < endedBefore ? newest : { created_at: endedBefore, id: '' };
    const isOld = { sql: `AND ${endOf} < ?`, parameters: [endedBefore] };
    aged = await deleteBehind(session, flowId, stays, from, isOld, rule, goOn);
    if (!aged.complete) return aged;
  }
  if (keepPerFlow === null) return aged;
  const from = await nthNewest(session, flowId, Math.max(0, keepPerFlow - 1));
  const newestToGo = from && (await nthNewest(session, flowId, keepPerFlow));
  if (!newestToGo) return aged;
  if (!dryRun) await pruneLedger(session, flowId, newestToGo.created_at);
  // A dry run has deleted nothing: what age has counted must not be counted again
  const isLeft =
    dryRun && endedBefore !== null
      ? { sql: `AND ${endOf} >= ?`, parameters: [endedBefore] }
      : { sql: '', parameters: [] };
  const { complete, ...beyond } = await deleteBehind(session, flowId, stays, from, isLeft, rule, goOn);
  return { ...both(aged, beyond), complete };
}

/** Executions that a prune leaves, as rows of another table refer to them. */
export interface KeptExecutions extends RestrictingKey {
  readonly executions: number;
}

/** Counts refusals by their key. */
export function countKept(kept: Map<string, KeptExecutions>, refused: Deletion['refused']): void {
  for (const { key, table } of refused.values()) {
    const name = `${table}.${key}`;
    kept.set(name, { key, table, executions: (kept.get(name)?.executions ?? 0) + 1 });
  }
}

/** A page of flows in the order of their ids. */
export function selectFlowIds(session: Session, after: string, limit: number): Promise<{ id: string }[]> {
  return session.select('SELECT id FROM protection_flows WHERE id > ? ORDER BY id LIMIT ?', [after, limit]);
}
