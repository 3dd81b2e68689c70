import { quoteName } from '../server/queryable';
import { altering, indexSql, online, type Statement } from './ddl';
import { named, type Column, type Index, type Table } from './shape';

/** The indexes that begin with the column, in the server's order. */
const beginningWith = (indexes: readonly Index[], column: string): Index[] =>
  indexes.filter((index) => index.columns[0]?.name === column);

/** True for an index of which a further column may be NULL, or is an expression. */
function hasNullable(index: Index, columns: readonly Column[]): boolean {
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

/** The name of an index while it is built anew behind the others. */
const behindName = (index: Index): string => `${index.name.slice(0, 57)}_behind`;

/**
 * The statements that make the server check a key at that column again: the indexes in the way are built anew behind
 * the one that guards. Each online; whatever dies in between, no index is lost. Pure.
 *
 * @param guard an index whose further columns are NOT NULL, which is there or made first
 */
export function guardSql(table: Table, column: string, guard: Index): Statement[] {
  if (!table.unguarded?.includes(column)) return [];
  const all = beginningWith(table.indexes, column);
  const position = all.findIndex((index) => index.name === guard.name);
  const inTheWay = (position < 0 ? all : all.slice(0, position)).filter(
    (index) => !index.unique && index.kind === undefined && hasNullable(index, table.columns),
  );
  return inTheWay
    .filter((index) => !inTheWay.some((other) => behindName(other) === index.name))
    .flatMap((index) => {
      const behind = behindName(index);
      const swap = [
        `DROP INDEX ${quoteName(index.name)}`,
        `RENAME INDEX ${quoteName(behind)} TO ${quoteName(index.name)}`,
      ];
      return [
        ...(named(table.indexes, behind)
          ? []
          : [altering(table.name, online, `ADD ${indexSql({ ...index, name: behind })}`)]),
        altering(table.name, online, ...swap),
      ];
    });
}
