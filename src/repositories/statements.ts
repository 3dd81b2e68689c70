import { isProtectionFlowsError } from '../errors';
import type { Session } from './session';

/** `?, ?, ?`: a mark for each value. An empty list has no SQL: its caller answers without asking. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
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
