import { restrictingKey, type RestrictingKey } from '../../errors';
import { marks } from '../lists';
import type { Session } from '../session';

/** What became of rows that were to be deleted. */
export interface Deletion {
  readonly deleted: number;
  /** Id → the key of those that stay, as a row of another table refers to them. */
  readonly refused: ReadonlyMap<string, RestrictingKey>;
}

/**
 * Deletes rows by their ids. One that a row of another table refers to, and that the key does not let go, does not keep the
 * others: what the server refuses as a whole is asked for in halves.
 */
export async function deleteRows(
  session: Session,
  table: 'protection_flows' | 'protection_flow_executions',
  ids: readonly string[],
  condition: { readonly sql: string; readonly parameters: readonly unknown[] } = { sql: '', parameters: [] },
): Promise<Deletion> {
  const [first] = ids;
  if (first === undefined) return { deleted: 0, refused: new Map() };
  try {
    const sql = `DELETE FROM ${table} WHERE id IN (${marks(ids)}) ${condition.sql}`;
    return { deleted: await session.write(sql, [...ids, ...condition.parameters]), refused: new Map() };
  } catch (error) {
    const key = restrictingKey(error);
    if (key === null) throw error;
    if (ids.length === 1) return { deleted: 0, refused: new Map([[first, key]]) };
    const half = Math.ceil(ids.length / 2);
    const one = await deleteRows(session, table, ids.slice(0, half), condition);
    const other = await deleteRows(session, table, ids.slice(half), condition);
    return {
      deleted: one.deleted + other.deleted,
      refused: new Map([...one.refused, ...other.refused]),
    };
  }
}
