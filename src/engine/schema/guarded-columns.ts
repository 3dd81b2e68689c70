import { named, type Column, type Index, type Table } from './shape';

/** The indexes that begin with the column, in the server's order. */
export const beginningWith = (indexes: readonly Index[], column: string): Index[] =>
  indexes.filter((index) => index.columns[0]?.name === column);

/** True for an index of which a further column may be NULL, or is an expression. */
export function hasNullable(index: Index, columns: readonly Column[]): boolean {
  return index.columns.slice(1).some(({ name }) => named(columns, name)?.nullable !== false);
}

/** True for an index of which no further column may be NULL: what MySQL looks a foreign key up by has to be so. */
export const isGuard = (table: Table, index: Index): boolean => !hasNullable(index, table.columns);

/**
 * The columns of which MySQL does not check the foreign keys in every row. MySQL 9.7 looks a new child up by the first
 * index that begins with the key's column, and takes a row with NULL in a further column of that index for one that
 * needs no parent (seen on 9.7.4 with innodb_native_foreign_keys = OFF, its default): with (flow_id, started_at) first,
 * a pending execution may name any flow.
 *
 * @param indexes in the order of SHOW INDEX
 */
export function unguardedColumns(columns: readonly Column[], indexes: readonly Index[]): string[] {
  const leading = new Set(indexes.map((index) => index.columns[0]?.name ?? ''));
  return [...leading].filter((name) => {
    const [first] = beginningWith(indexes, name);
    return name !== '' && first !== undefined && hasNullable(first, columns);
  });
}
