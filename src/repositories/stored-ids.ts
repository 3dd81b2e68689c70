import { chunks } from './lists';
import type { Session } from './session';

/** A table whose rows have ids that come from outside. */
type TableWithIds = 'protection_flows' | 'replication_schedules' | 'backup_jobs';

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
