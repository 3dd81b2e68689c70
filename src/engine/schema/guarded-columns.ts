import { quoteName } from '../server/queryable';
import { altering, indexSql, online, type Statement } from './ddl';
import { named, type Column, type Index, type Table } from './shape';

/** The indexes that begin with the column, in the server's order. */
const beginningWith = (indexes: readonly Index[], column: string): Index[] =>
  indexes.filter((index) => index.columns[0]?.name === column);

/** True when a column after the index's first one may be NULL, or is an expression. */
function hasNullable(index: Index, columns: readonly Column[]): boolean {
  return index.columns.slice(1).some(({ name }) => named(columns, name)?.nullable !== false);
}

/** True when no column after the index's first one may be NULL. Only by such an index MySQL checks a key in every row. */
export const isGuard = (table: Table, index: Index): boolean => !hasNullable(index, table.columns);

/**
 * The columns whose foreign keys MySQL does not check in every row. MySQL 9.7 looks up a new child by the first index
 * that begins with the key's column. It asks for no parent when another column of that index is NULL in the new row
 * (seen on 9.7.4 with innodb_native_foreign_keys = OFF, its default). For example, with (flow_id, started_at) as the
 * first index, a pending execution may name any flow.
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

/** The name of an index while it is rebuilt behind the others. */
const behindName = (index: Index): string => `${index.name.slice(0, 57)}_behind`;

/**
 * The statements that make the server check the keys of a column in every row again. They rebuild the indexes in front
 * of `guard` behind it. Each statement is online; a crash between two of them loses no index. Pure.
 *
 * @param guard an index as {@link isGuard} wants it, which exists or is added before
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
