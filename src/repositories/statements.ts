import { marks } from '../statistics/meaning';
import { isProtectionFlowsError } from '../errors';
import type { Session } from './session';
import { flowNotFound } from './not-found';

export { marks };

/** Returns the ids of rows, in order. */
export const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

/** Groups items by key; each group keeps the order. */
export function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Cuts a list into parts of at most `size` items. */
export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}

/** A table whose ids come from callers or from the platform. */
type TableWithIds = 'protection_flows' | 'replication_schedules' | 'backup_jobs' | 'backup_repositories';

const askedAtOnce = 100;

/**
 * Finds the stored id of each spelling. For the database's collation `Flow-1`, `flow-1` and `flów-1 ` are equal, and a
 * foreign key accepts each of them. Only the database can decide whether two ids are equal, so every spelling that is not
 * exactly a known id is looked up.
 *
 * @param known the stored ids that a statement over the same spellings returned; empty: no row has any of them
 * @returns spelling → stored id; spellings without a row are left out
 */
export async function storedIds(
  session: Session,
  table: TableWithIds,
  spellings: readonly string[],
  known: readonly string[],
): Promise<Map<string, string>> {
  const stored = new Map<string, string>();
  const others: string[] = [];
  const exact = new Set(known);
  for (const spelling of new Set(spellings))
    if (exact.has(spelling)) stored.set(spelling, spelling);
    else others.push(spelling);
  if (known.length === 0) return stored;
  for (const part of chunks(others, askedAtOnce)) {
    const rows = await session.select<{ spelling: number; id: string }>(
      part
        .map((_, at) => `(SELECT ${at} AS spelling, id FROM ${table} WHERE id = ? ${session.currentRead})`)
        .join(' UNION ALL '),
      part,
    );
    for (const { spelling, id } of rows) stored.set(part[spelling]!, id);
  }
  return stored;
}

/** Returns rows by the caller's spelling of their ids; see {@link storedIds}. */
export async function bySpelling<Row extends { readonly id: string }>(
  session: Session,
  table: TableWithIds,
  spellings: readonly string[],
  rows: readonly Row[],
): Promise<Map<string, Row>> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const stored = [...(await storedIds(session, table, spellings, idsOf(rows)))];
  return new Map(stored.flatMap(([spelling, id]) => (byId.has(id) ? [[spelling, byId.get(id)!]] : [])));
}

/** errno of a FORCE INDEX whose index is missing: somebody dropped it, or its migration is pending. */
const indexMissing = 1176;

/**
 * Executes a SELECT with a FORCE INDEX hint: without it, the optimizers sometimes choose another index and sort. If the
 * index is missing, executes the SELECT without the hint, because slow is better than failing.
 *
 * @param index null: the server chooses
 * @param sqlWith makes the statement with the hint after the table's alias
 */
export async function withIndex<Row extends object>(
  session: Session,
  index: string | null,
  sqlWith: (hint: string) => string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  if (index === null) return session.select<Row>(sqlWith(''), parameters);
  try {
    return await session.select<Row>(sqlWith(`FORCE INDEX (${index})`), parameters);
  } catch (error) {
    if ((error as { errno?: number }).errno !== indexMissing) throw error;
    return session.select<Row>(sqlWith(''), parameters);
  }
}

const tableMissing = 1146;

/** True for the error of a statement whose table does not exist. */
export const isTableMissing = (error: unknown): boolean =>
  (error as { errno?: number }).errno === tableMissing;

/** The rows of a platform's table; none if the table does not exist yet. */
export function orEmpty<Row>(rows: Promise<Row[]>): Promise<Row[]> {
  return rows.catch((error: unknown) => (isTableMissing(error) ? [] : Promise.reject(error as Error)));
}

/** Awaits work on one of our tables with a flow_id; undefined if the table's migration is pending. */
export function ifMigrated<Result>(work: Promise<Result>): Promise<Result | undefined> {
  return work.catch((error: unknown) => {
    if (isProtectionFlowsError(error, 'MIGRATION_PENDING')) return undefined;
    throw error;
  });
}

/** A flow's stored id, and the server's time. */
interface LockedFlow {
  readonly id: string;
  readonly at: Date;
}

/**
 * Locks the flow's row, so that nobody else begins a run of it until the transaction ends.
 *
 * @throws FLOW_NOT_FOUND
 */
export async function lockFlow(session: Session, flowId: string): Promise<LockedFlow> {
  const [flow] = await session.select<LockedFlow>(
    'SELECT id, CURRENT_TIMESTAMP AS at FROM protection_flows WHERE id = ? FOR UPDATE',
    [flowId],
  );
  if (flow === undefined) throw flowNotFound(flowId);
  return flow;
}

/** What to do with a flow whose row another transaction holds locked. */
export type IfLocked = 'wait' | 'skip';

/**
 * Locks the rows of flows, so that nobody deletes them until the transaction ends. Their deletion then also deletes the rows
 * that this transaction writes into our other tables.
 *
 * @param ids the stored ids
 * @param ifLocked claims and plans skip locked rows, and never wait
 * @returns the ids of the flows that exist and are locked now
 */
export async function lockFlows(
  session: Session,
  ids: readonly string[],
  ifLocked: IfLocked,
): Promise<Set<string>> {
  const rows = await session.select<{ id: string }>(
    `SELECT id FROM protection_flows WHERE id IN (${marks(ids)}) ORDER BY id
      ${ifLocked === 'wait' ? 'LOCK IN SHARE MODE' : 'FOR UPDATE SKIP LOCKED'}`,
    ids,
  );
  return new Set(idsOf(rows));
}
