import { altering, indexSql, online, type Statement } from '../schema/ddl';
import { beginningWith, hasNullable } from '../schema/guarded-columns';
import { named, type Index, type Table } from '../schema/shape';
import { quoteName } from '../server/queryable';

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
