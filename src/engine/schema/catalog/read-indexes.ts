import { catalogRows, quoteName, type Queryable } from '../../server/queryable';
import { type Index, named, type Column } from '../shape';
import { describeIndexColumns } from '../ddl';
import type { Flavour } from '../../server/server';
import { columnsTogether, type CatalogScope, type Numbered } from './scope';

/**
 * Sorts a table's indexes as MySQL does: of two that begin with the same column, it takes the first. SHOW INDEX has
 * this order, information_schema does not.
 */
export async function inServerOrder(session: Queryable, table: string, indexes: Index[]): Promise<Index[]> {
  const leading = indexes.map((index) => index.columns[0]?.name);
  if (new Set(leading).size === leading.length) return indexes;
  const rows = await catalogRows<{ Key_name: string }>(session, `SHOW INDEX FROM ${quoteName(table)}`);
  const order = rows.map((row) => row.Key_name);
  return [...indexes].sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
}

interface IndexRow extends Numbered {
  nonUnique: number | string;
  column: string | null;
  direction: string | null;
  prefix: number | string | null;
  visible: string;
  kind: string;
}

/** The SQL that tells whether the optimizer may use an index. */
const visibility: Readonly<Record<Flavour, string>> = {
  mariadb: "IF(IGNORED = 'YES', 'NO', 'YES')",
  mysql: 'IS_VISIBLE',
};

/**
 * Reads the indexes and the primary key of each table. A functional index has columns named ''.
 *
 * MariaDB appends the end of the period to every unique index of a system-versioned table; the other columns are unique
 * among the current rows. The catalog leaves an invisible end out; this function leaves a visible one out too.
 *
 * @param columns of each table
 */
export async function readIndexes(
  scope: CatalogScope,
  columns: ReadonlyMap<string, readonly Column[]>,
): Promise<{ indexes: Map<string, Index[]>; primaryKeys: Map<string, string[]> }> {
  const answer = await catalogRows<IndexRow>(
    scope.session,
    `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS name, SEQ_IN_INDEX AS position, NON_UNIQUE AS nonUnique,
            COLUMN_NAME AS \`column\`, COLLATION AS direction, SUB_PART AS prefix, ${visibility[scope.server.flavour]} AS visible,
            INDEX_TYPE AS kind
       FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN (${scope.placeholders})`,
    scope.parameters,
  );
  const indexes = new Map<string, Index[]>();
  const primaryKeys = new Map<string, string[]>();
  const isPeriodEnd = ({ table, column, nonUnique }: IndexRow): boolean =>
    Number(nonUnique) === 0 && named(columns.get(table) ?? [], column ?? '')?.extra === 'row end';
  for (const rows of columnsTogether(answer.filter((one) => !isPeriodEnd(one)))) {
    const [{ table, name, nonUnique, visible, kind }] = rows;
    const parts = rows.map(({ column, direction, prefix }) => ({
      name: column ?? '',
      descending: direction === 'D',
      prefix: prefix === null ? null : Number(prefix),
    }));
    if (name === 'PRIMARY') {
      primaryKeys.set(
        table,
        parts.map((part) => describeIndexColumns({ columns: [part] })),
      );
      continue;
    }
    const index: Index = {
      ...{ name, columns: parts, unique: Number(nonUnique) === 0, visible: visible === 'YES' },
      ...(kind === 'BTREE' ? {} : { kind }),
    };
    indexes.set(table, [...(indexes.get(table) ?? []), index]);
  }
  return { indexes, primaryKeys };
}
