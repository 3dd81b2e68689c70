import { type Queryable, select } from '../../server/queryable';
import type { Server } from '../../server/server';

/** What every reader of the catalog needs: the session and the tables. */
export interface CatalogScope {
  readonly session: Queryable;
  readonly server: Server;
  readonly database: string;
  /** `?, ?` for the table names. */
  readonly placeholders: string;
  /** The database, then the table names. */
  readonly parameters: unknown[];
}

/** The database that the session works in. */
export async function currentDatabase(session: Queryable): Promise<string> {
  const [row] = await select<{ name: string | null }>(session, 'SELECT DATABASE() AS name');
  return row?.name ?? '';
}

/** Rows grouped by table, in the order they came. */
export function byTable<R extends { readonly table: string }, T>(
  rows: readonly R[],
  shape: (row: R) => T,
): Map<string, T[]> {
  const grouped = new Map<string, T[]>();
  for (const row of rows) {
    const list = grouped.get(row.table) ?? [];
    grouped.set(row.table, list);
    list.push(shape(row));
  }
  return grouped;
}

/**
 * Sorts rows by those values, by the first of them first. An ORDER BY is not enough: it compares only as many bytes as
 * max_sort_length says.
 */
export function inOrder<R>(
  rows: readonly R[],
  ...values: readonly ((row: R) => string | number)[]
): readonly R[] {
  return [...rows].sort((one, other) => {
    for (const valueOf of values) {
      const [left, right] = [valueOf(one), valueOf(other)];
      if (left !== right) return left < right ? -1 : 1;
    }
    return 0;
  });
}

/** A column of an index or a key. The driver's options decide whether numbers arrive as texts. */
export interface Numbered {
  readonly table: string;
  readonly name: string;
  readonly position: number | string;
}

/** Groups columns by their index or key, in order. */
export function columnsTogether<R extends Numbered>(rows: readonly R[]): (readonly [R, ...R[]])[] {
  const ordered = inOrder(
    rows,
    ({ table }) => table,
    ({ name }) => name,
    ({ position }) => Number(position),
  );
  const found: [R, ...R[]][] = [];
  for (const row of ordered) {
    const last = found.at(-1);
    if (last?.[0].table === row.table && last[0].name === row.name) last.push(row);
    else found.push([row]);
  }
  return found;
}
