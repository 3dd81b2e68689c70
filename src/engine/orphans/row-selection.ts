import { expectedText } from '../schema/ddl';
import { quoteName, select, type Queryable } from '../server/queryable';
import { named, type ForeignKey, type Schema, type Table } from '../schema/shape';
import { literalSql, literalTextSql, type RowColumn, sqlNameOf, type RowTable } from './row-table';
import type { Dependency } from './dependencies';

/** The primary key of one row: a literal for each of its columns. */
export type RowKey = readonly string[];

/** The rows of a table for which a condition holds; in its SQL, `r` is the row. */
export interface RowSelection {
  readonly table: RowTable;
  /** What follows FROM: the table as `r`, and what it is joined to. */
  readonly from: string;
  readonly where: string;
}

/** By the primary key even where the optimizer would rather lock the whole of a small table. */
export const byPrimaryKey = 'FORCE INDEX (PRIMARY)';

const keyColumns = (table: RowTable, alias: string): string[] =>
  table.primaryKey.map(({ name }) => `${alias}.${quoteName(name)}`);

/** True for the rows with these keys. */
export function keysSql(table: RowTable, keys: readonly RowKey[], alias = 'r'): string {
  const columns = keyColumns(table, alias);
  const [first] = columns;
  if (columns.length === 1 && first !== undefined) return `${first} IN (${keys.flat().join(', ')})`;
  const each = keys.map(
    (key) => `(${columns.map((column, at) => `${column} = ${key[at] ?? ''}`).join(' AND ')})`,
  );
  return `(${each.join(' OR ')})`;
}

/** True for the rows that come later than one in the order of the primary key. */
function afterSql(table: RowTable, key: RowKey): string {
  const columns = keyColumns(table, 'r');
  const alternatives = columns.map((column, at) =>
    [
      ...columns.slice(0, at).map((before, index) => `${before} = ${key[index] ?? ''}`),
      `${column} > ${key[at] ?? ''}`,
    ].join(' AND '),
  );
  return alternatives.length === 1 ? (alternatives[0] ?? '') : `(${alternatives.join(' OR ')})`;
}

/** The rows with these keys. */
export const rowsByKey = (table: RowTable, keys: readonly RowKey[]): RowSelection => ({
  table,
  from: `${table.sql} r ${byPrimaryKey}`,
  where: keysSql(table, keys),
});

/** The rows whose parent does not exist, compared as the key will: in the parent's charset and collation. */
export function orphansOf(
  rows: RowTable,
  child: Table,
  key: ForeignKey,
  live: Schema,
  hint = byPrimaryKey,
): RowSelection {
  const column = named(child.columns, key.columns[0] ?? '');
  const value = `r.${quoteName(key.columns[0] ?? '')}`;
  const parent = `p.${quoteName(key.parentColumns[0] ?? '')}`;
  const text = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  const compared = text ? `CONVERT(${value} USING ${text.charset}) COLLATE ${text.collation}` : value;
  const parentTable = sqlNameOf({ database: key.parentDatabase, name: key.parentTable });
  return {
    table: rows,
    from: `${rows.sql} r ${hint} LEFT JOIN ${parentTable} p ON ${parent} = ${compared}`,
    where: `${value} IS NOT NULL AND ${parent} IS NULL`,
  };
}

/** A parent's column as its child's would hold it: the child's index stays of use, and no two collations meet. */
function parentValue(parent: RowColumn, child: RowColumn): string {
  const value = `q.${quoteName(parent.name)}`;
  if (child.charset === null || parent.charset === null || child.collation === parent.collation) return value;
  return `CONVERT(${value} USING ${child.charset}) COLLATE ${child.collation ?? ''}`;
}

/** The rows that hang on those with the given keys; one that hangs on itself alone is not among them. */
export function dependentsOf(
  parent: RowTable,
  dependency: Dependency,
  keys: readonly RowKey[],
): RowSelection {
  const { table, columns } = dependency;
  const equal = columns.map(
    ([child, column]) => `r.${quoteName(child.name)} = ${parentValue(column, child)}`,
  );
  const isItself = keyColumns(table, 'r').map(
    (column, at) => `${column} = ${keyColumns(parent, 'q')[at] ?? ''}`,
  );
  const sameTable = table.label === parent.label && isItself.length > 0;
  return {
    table,
    from: `${parent.sql} q ${byPrimaryKey} JOIN ${table.sql} r ON ${equal.join(' AND ')}`,
    where: `${keysSql(parent, keys, 'q')}${sameTable ? ` AND NOT (${isItself.join(' AND ')})` : ''}`,
  };
}

/** Which of a selection's rows are wanted. */
export interface Wanted {
  readonly limit?: number;
  /** Only later ones in the order of the primary key, in that order; null from the first. */
  readonly after?: RowKey | null;
  /** Only these. */
  readonly among?: readonly RowKey[];
  readonly lock?: 'FOR UPDATE' | 'LOCK IN SHARE MODE';
}

/** The keys of a selection's rows, each once. The table must have a primary key. */
export async function selectKeys(
  session: Queryable,
  { table, from, where }: RowSelection,
  { limit, after, among, lock }: Wanted = {},
): Promise<RowKey[]> {
  const parts = table.primaryKey.map((column, at) => `${literalTextSql(column, table.flavour)} AS k${at}`);
  const conditions = [
    where,
    ...(after ? [afterSql(table, after)] : []),
    ...(among ? [keysSql(table, among)] : []),
  ];
  const rows = await select<Record<string, string>>(
    session,
    `SELECT ${parts.join(', ')} FROM ${from} WHERE ${conditions.join(' AND ')}` +
      (after === undefined ? '' : ` ORDER BY ${keyColumns(table, 'r').join(', ')}`) +
      (limit === undefined ? '' : ` LIMIT ${limit}`) +
      (lock === undefined ? '' : ` ${lock}`),
  );
  const keys = rows.map((row) =>
    table.primaryKey.map((column, at) => literalSql(column, row[`k${at}`] ?? '')),
  );
  // A key of others may lead to a column that is not unique
  return [...new Map(keys.map((key) => [key.join(), key])).values()];
}

/** How many rows a selection has. */
export async function countRows(
  session: Queryable,
  { from, where }: RowSelection,
  lock: Wanted['lock'] | '' = '',
): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM ${from} WHERE ${where} ${lock}`;
  const [row] = await select<{ n: number | string }>(session, sql);
  return Number(row?.n ?? 0);
}

/** A key as people read it, and as the quarantine has it. */
export function keyText(key: RowKey): string {
  const texts = key.map((literal) => {
    const [, isText, hex] = /^(_utf8mb4 )?X'([0-9A-F]*)'$/.exec(literal) ?? [];
    if (hex === undefined) return literal;
    return isText === undefined ? hex : Buffer.from(hex, 'hex').toString();
  });
  return texts.join(', ');
}
