import { marks } from '../statistics/meaning';
import { isProtectionFlowsError } from '../errors';
import type { Session } from './session';
import { flowNotFound } from './not-found';

export { marks };

/** The ids of rows, in their order. */
export const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

/** The items by what a key says of each, in their order. */
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

/** The list cut into parts of at most so many. */
export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}

/** A table whose rows have ids that come from outside. */
type TableWithIds = 'protection_flows' | 'replication_schedules' | 'backup_jobs' | 'backup_repositories';

const askedAtOnce = 100;

/**
 * Which stored id each spelling of an id stands for: the database takes `Flow-1`, `flow-1` and `flów-1 ` for one id, and a
 * foreign key lets in each of them. Which are one, only the database says: those that are spelled as a row is need no
 * question, and each of the others is looked up.
 *
 * @param known stored ids, as a statement over these very spellings has answered them; none: no row has any of them
 * @returns spelling → stored id; a spelling of no row is left out
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

/** The rows of a table by the ids that were asked for, however those are spelled; see {@link storedIds}. */
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

/** errno of a FORCE INDEX whose index is not there: dropped by hand, or not migrated yet. */
const indexMissing = 1176;

/**
 * Runs a SELECT with the index that its order wants: left alone, the optimizers take another one here and there, and
 * sort. Where that index is not there the hint is left out: slower is better than not at all.
 *
 * @param index null: the server chooses
 * @param sqlWith the statement with the hint where it belongs, behind the table's alias
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

/** True for the refusal of a statement that names a table which does not exist. */
export const isTableMissing = (error: unknown): boolean =>
  (error as { errno?: number }).errno === tableMissing;

/** The rows of a table of the platform's: none where the platform has not made the table yet. */
export function orNone<Row>(rows: Promise<Row[]>): Promise<Row[]> {
  return rows.catch((error: unknown) => (isTableMissing(error) ? [] : Promise.reject(error as Error)));
}

/**
 * Work on a table of ours that speaks of flows: before the migration that makes it, nothing is kept there, and nothing fails.
 *
 * @returns undefined then
 */
export function whereKept<Result>(work: Promise<Result>): Promise<Result | undefined> {
  return work.catch((error: unknown) => {
    if (isProtectionFlowsError(error, 'MIGRATION_PENDING')) return undefined;
    throw error;
  });
}

/** A flow's id as it is stored, and the server's time. */
interface LockedFlow {
  readonly id: string;
  readonly at: Date;
}

/**
 * Locks the flow's row: whoever begins a run of it meanwhile waits there, and then sees this one.
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

/** What to do about a flow whose row another transaction holds. */
export type WhereHeld = 'wait' | 'pass over';

/**
 * Holds the rows of flows: whoever deletes one of them meanwhile waits, and then forgets what was kept of it.
 *
 * @param ids as they are stored
 * @param whereHeld whoever claims or plans passes over what others hold, and never waits for them
 * @returns those that are there, and held now
 */
export async function holdFlows(
  session: Session,
  ids: readonly string[],
  whereHeld: WhereHeld,
): Promise<Set<string>> {
  const rows = await session.select<{ id: string }>(
    `SELECT id FROM protection_flows WHERE id IN (${marks(ids)}) ORDER BY id
      ${whereHeld === 'wait' ? 'LOCK IN SHARE MODE' : 'FOR UPDATE SKIP LOCKED'}`,
    ids,
  );
  return new Set(idsOf(rows));
}
