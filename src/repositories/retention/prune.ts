import { restrictingKey, type RestrictingKey } from '../../errors';
import { marks, ifMigrated, withIndex, idsOf } from '../statements';
import type { Session } from '../session';
import { undoneInSilence } from '../lost-transactions';
import { terminalStatuses } from '../../domain';
import { pruneLedger } from '../due/ledger';
import { keepRemoved, type RemovedRun } from '../../statistics/meaning';
import { selectNewestFirst, type Position, type Where } from '../pages';

/** The result of deleting rows. */
export interface Deletion {
  readonly deleted: number;
  /** Id of a row that stays → the foreign key of another table that refers to it. */
  readonly refused: ReadonlyMap<string, RestrictingKey>;
}

const nothing: Deletion = { deleted: 0, refused: new Map() };

const both = (one: Deletion, other: Deletion): Deletion => ({
  deleted: one.deleted + other.deleted,
  refused: new Map([...one.refused, ...other.refused]),
});

/**
 * Deletes rows by id; this transaction has locked them. If the server refuses the statement because a row of another table
 * refers to one of them, deletes the two halves separately, down to that row: all others are deleted.
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

/** Which runs of a flow to delete, and how. */
export interface PruneRule {
  /** Runs that ended before this instant; null: no limit of age. */
  readonly endedBefore: Date | null;
  /** Runs beyond this number of newest runs; null: no limit of number. */
  readonly keepPerFlow: number | null;
  readonly batchSize: number;
  readonly dryRun: boolean;
}

/** Called after each batch; false stops. */
export type GoOn = (deleted: number) => Promise<boolean>;

/** Skips a number of a flow's newest runs, and returns the next one; null if there is none. */
async function nthNewest(session: Session, flowId: string, skip: number): Promise<Position | null> {
  const [row] = await session.select<Position>(
    `SELECT e.id, e.created_at FROM protection_flow_executions e WHERE e.flow_id = ?
      ORDER BY e.created_at DESC, e.id DESC LIMIT 1 OFFSET ?`,
    [flowId, skip],
  );
  return row ?? null;
}

/** The result for a flow's old runs; not complete: stopped between two batches. */
type PrunedFlow = Deletion & { readonly complete: boolean };

/**
 * Deletes ended runs older than a position in batches, newest first, each batch in a transaction of its own.
 *
 * @param kept the ids of runs that are not deleted
 */
async function deleteBehind(
  session: Session,
  flowId: string,
  kept: readonly string[],
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
      condition: `AND e.status IN (${marks(terminalStatuses)}) ${kept.map(() => 'AND e.id <> ?').join(' ')} ${sql}`,
      parameters: [...terminalStatuses, ...kept, ...parameters],
    });
    const last = found.at(-1);
    if (last === undefined) return { deleted, refused, complete: true };
    const batch = dryRun
      ? { ...nothing, deleted: found.length }
      : await deleteRuns(session, flowId, idsOf(found), 'old');
    deleted += batch.deleted;
    for (const [id, key] of batch.refused) refused.set(id, key);
    if (!(await goOn(batch.deleted))) return { deleted, refused, complete: false };
    if (found.length < batchSize) return { deleted, refused, complete: true };
    position = last;
  }
}

/**
 * Deletes runs of a flow. In the same transaction, stores how many of them the flow's counters had counted, so that the
 * counters still agree with the remaining runs and the stored numbers.
 *
 * @param which `old`: only ended runs, and not those that a prune keeps
 */
export function deleteRuns(
  session: Session,
  flowId: string,
  ids: readonly string[],
  which: 'all' | 'old',
): Promise<Deletion> {
  const ended = which === 'all' ? [] : terminalStatuses;
  return session.transaction(async (own) => {
    const locked = await own.select<RemovedRun & { readonly id: string }>(
      `SELECT id, status, started_at IS NOT NULL AS has_begun FROM protection_flow_executions
        WHERE id IN (${marks(ids)}) ${which === 'all' ? '' : `AND status IN (${marks(ended)})`} FOR UPDATE`,
      [...ids, ...ended],
    );
    // A run that ended after it was selected may be its flow's last run now
    const kept = which === 'all' || locked.length === 0 ? [] : await selectKept(own, flowId);
    const found = locked.filter(({ id }) => !kept.includes(id));
    const deletion = await deleteRows(own, 'protection_flow_executions', idsOf(found));
    const removed = found.filter(({ id }) => !deletion.refused.has(id));
    await ifMigrated(keepRemoved(own, flowId, removed));
    return deletion;
  }, 'READ COMMITTED');
}

/** Returns the stored ids of the runs that a prune keeps at any age: the flow's last run, and its newest success. */
async function selectKept(session: Session, flowId: string): Promise<string[]> {
  const success = await withIndex<{ id: string }>(
    session,
    'idx_executions_flow_status_created',
    (hint) =>
      `SELECT e.id FROM protection_flow_executions e ${hint} WHERE e.flow_id = ? AND e.status = 'success'
        ORDER BY e.created_at DESC, e.id DESC LIMIT 1 ${session.currentRead}`,
    [flowId],
  );
  // The server compares the ids: other programs may have spelled last_execution_id differently
  const shown = await session.select<{ id: string }>(
    `SELECT e.id FROM protection_flows f JOIN protection_flow_executions e ON e.id = f.last_execution_id
      WHERE f.id = ? ${session.currentRead}`,
    [flowId],
  );
  return idsOf([...success, ...shown]);
}

const endOf = 'COALESCE(e.completed_at, e.created_at)';

/**
 * Deletes a flow's old runs. Keeps the newest run, the flow's last run, the newest success, every run that has not ended,
 * and runs to which a row of another table refers by a key without CASCADE or SET NULL.
 */
export async function pruneFlow(
  session: Session,
  flowId: string,
  rule: PruneRule,
  goOn: GoOn,
): Promise<PrunedFlow> {
  const { endedBefore, keepPerFlow, dryRun } = rule;
  let byAge: PrunedFlow = { ...nothing, complete: true };
  const newest = await nthNewest(session, flowId, 0);
  if (!dryRun && endedBefore !== null) await pruneLedger(session, flowId, endedBefore);
  if (newest === null) return byAge;
  const kept = await selectKept(session, flowId);
  if (endedBefore !== null) {
    const from = newest.created_at < endedBefore ? newest : { created_at: endedBefore, id: '' };
    const isOld = { sql: `AND ${endOf} < ?`, parameters: [endedBefore] };
    byAge = await deleteBehind(session, flowId, kept, from, isOld, rule, goOn);
    if (!byAge.complete) return byAge;
  }
  if (keepPerFlow === null) return byAge;
  const from = await nthNewest(session, flowId, keepPerFlow - 1);
  const newestToGo = from && (await nthNewest(session, flowId, keepPerFlow));
  if (!newestToGo) return byAge;
  if (!dryRun) await pruneLedger(session, flowId, newestToGo.created_at);
  // A dry run deletes nothing, so runs that were counted by age must not be counted again
  const isLeft =
    dryRun && endedBefore !== null
      ? { sql: `AND ${endOf} >= ?`, parameters: [endedBefore] }
      : { sql: '', parameters: [] };
  const { complete, ...byNumber } = await deleteBehind(session, flowId, kept, from, isLeft, rule, goOn);
  return { ...both(byAge, byNumber), complete };
}

/** How many executions a prune could not delete because of one foreign key. */
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

/** Selects a page of flows by id. */
export function selectFlowIds(session: Session, after: string, limit: number): Promise<{ id: string }[]> {
  return session.select('SELECT id FROM protection_flows WHERE id > ? ORDER BY id LIMIT ?', [after, limit]);
}
