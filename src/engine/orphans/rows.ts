import { convertedSql } from '../schema/ddl';
import { catalogRows, type Queryable, quoteName, select } from '../server/queryable';
import type { Flavour } from '../server/server';

/** What moving rows needs to know of a live column. */
export interface RowColumn {
  readonly name: string;
  /** DATA_TYPE of the catalog, lower case: `varchar`, `bigint`. */
  readonly kind: string;
  /** COLUMN_TYPE of the catalog: `varchar(64)`, `enum('a','b')`. */
  readonly type: string;
  readonly charset: string | null;
  readonly collation: string | null;
  /** True where the server computes the column, so that no INSERT can fill it. */
  readonly isGenerated: boolean;
}

/** A table's place; the database is null for the session's own. */
export interface TableName {
  readonly database: string | null;
  readonly name: string;
}

/** A live table whose rows are read or moved. */
export interface RowTable extends TableName {
  /** Its unique name for people: with the database, where that is not the session's. */
  readonly label: string;
  /** Its name in SQL. */
  readonly sql: string;
  readonly flavour: Flavour;
  /** All columns in the table's order, with invisible and generated ones. */
  readonly columns: readonly RowColumn[];
  /** The columns of the primary key; empty where there is none. */
  readonly primaryKey: readonly RowColumn[];
}

/** A table's name for people. */
export const labelOf = ({ database, name }: TableName): string =>
  database === null ? name : `${database}.${name}`;

/** A table's name in SQL. */
export const sqlNameOf = ({ database, name }: TableName): string =>
  database === null ? quoteName(name) : `${quoteName(database)}.${quoteName(name)}`;

/** Reads a table; null where it does not exist, or this account may not see it. */
export async function readRowTable(
  session: Queryable,
  flavour: Flavour,
  table: TableName,
): Promise<RowTable | null> {
  const at = [table.database, table.name];
  const rows = await catalogRows<Omit<RowColumn, 'isGenerated'> & { readonly extra: string }>(
    session,
    `SELECT COLUMN_NAME AS name, LOWER(DATA_TYPE) AS kind, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset,
            COLLATION_NAME AS collation, EXTRA AS extra
       FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
      ORDER BY ORDINAL_POSITION`,
    at,
  );
  if (rows.length === 0) return null;
  const columns = rows.map(({ extra, ...column }): RowColumn => {
    return { ...column, isGenerated: /\b(virtual|stored|persistent) generated\b/i.test(extra) };
  });
  const key = await catalogRows<{ name: string }>(
    session,
    `SELECT COLUMN_NAME AS name FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY'
      ORDER BY SEQ_IN_INDEX`,
    at,
  );
  const primaryKey = key.flatMap(({ name }) => columns.filter((column) => column.name === name));
  return { ...table, label: labelOf(table), sql: sqlNameOf(table), flavour, columns, primaryKey };
}

/** The primary key of one row: a literal for each of its columns. */
export type RowKey = readonly string[];

/** The rows of a table for which a condition holds; in its SQL, `r` is the row. */
export interface RowSelection {
  readonly table: RowTable;
  /** What follows FROM: the table as `r`, and what it is joined to. */
  readonly from: string;
  readonly where: string;
}

const floats = new Set(['float', 'double', 'real']);
const numbers = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'bit', ...floats]);
const isBinary = ({ kind }: RowColumn): boolean => /binary$|blob$/.test(kind);

/** A key column's exact value as hexadecimal digits: of its bytes, or of its text. */
function keyPartSql(column: RowColumn, flavour: Flavour): string {
  const value = `r.${quoteName(column.name)}`;
  if (column.charset !== null || isBinary(column)) return `HEX(${value})`;
  // Without `* 1e0` a FLOAT is rounded to six digits. MySQL cuts a double to 22 characters, except in JSON
  const exact = flavour === 'mysql' ? `CAST(${value} * 1e0 AS JSON)` : `${value} * 1e0`;
  const shown = column.kind === 'bit' ? `${value} + 0` : floats.has(column.kind) ? exact : value;
  return `HEX(CAST(${shown} AS CHAR CHARACTER SET utf8mb4))`;
}

/** A literal that equals the column's value exactly, and lets the server use the index. */
function keyLiteral({ charset, ...column }: RowColumn, hex: string): string {
  if (isBinary({ charset, ...column })) return `X'${hex}'`;
  if (charset !== null) return `_${charset} X'${hex}'`;
  return numbers.has(column.kind) ? Buffer.from(hex, 'hex').toString() : `_utf8mb4 X'${hex}'`;
}

/** Forces the primary key: else the optimizer may scan, and so lock, the whole of a small table. */
export const byPrimaryKey = 'FORCE INDEX (PRIMARY)';

const keyColumns = (table: RowTable, alias: string): string[] =>
  table.primaryKey.map(({ name }) => `${alias}.${quoteName(name)}`);

/** A condition for the rows with these keys. */
export function keysSql(table: RowTable, keys: readonly RowKey[], alias = 'r'): string {
  const columns = keyColumns(table, alias);
  const [first] = columns;
  if (columns.length === 1 && first !== undefined) return `${first} IN (${keys.flat().join(', ')})`;
  const each = keys.map(
    (key) => `(${columns.map((column, at) => `${column} = ${key[at] ?? ''}`).join(' AND ')})`,
  );
  return `(${each.join(' OR ')})`;
}

/** A condition for the rows after one row, in the order of the primary key. */
function afterSql(table: RowTable, key: RowKey): string {
  const columns = keyColumns(table, 'r');
  const alternatives = columns.map((column, at) =>
    [
      ...columns.slice(0, at).map((before, index) => `${before} = ${key[index] ?? ''}`),
      `${column} > ${key[at] ?? ''}`,
    ].join(' AND '),
  );
  return `(${alternatives.join(' OR ')})`;
}

/** Selects the rows with these keys. */
export const rowsByKey = (table: RowTable, keys: readonly RowKey[]): RowSelection => ({
  table,
  from: `${table.sql} r ${byPrimaryKey}`,
  where: keysSql(table, keys),
});

/** Columns of a child table, each with its parent column. */
export type Reference = readonly (readonly [child: RowColumn, parent: RowColumn])[];

/** Converts a parent's value to the child column's collation, so that they compare, and the child's index is used. */
function parentValue(child: RowColumn, parent: RowColumn): string {
  const value = `q.${quoteName(parent.name)}`;
  if (child.charset === null || parent.charset === null || child.collation === parent.collation) return value;
  return convertedSql(value, { charset: child.charset, collation: child.collation ?? '' });
}

/** Selects the rows of a child table that refer to the parent's rows with these keys, except those that refer to themselves. */
export function dependentsOf(
  { table, reference }: { readonly table: RowTable; readonly reference: Reference },
  parent: RowTable,
  keys: readonly RowKey[],
): RowSelection {
  const named = reference.map(
    ([child, column]) => `r.${quoteName(child.name)} = ${parentValue(child, column)}`,
  );
  const isItself = keyColumns(table, 'r').map(
    (column, at) => `${column} = ${keyColumns(parent, 'q')[at] ?? ''}`,
  );
  const sameTable = table.label === parent.label && isItself.length > 0;
  return {
    table,
    from: `${parent.sql} q ${byPrimaryKey} JOIN ${table.sql} r ON ${named.join(' AND ')}`,
    where: `${keysSql(parent, keys, 'q')}${sameTable ? ` AND NOT (${isItself.join(' AND ')})` : ''}`,
  };
}

/** Which of a selection's rows to return. */
interface Wanted {
  readonly limit?: number;
  /** Orders by the primary key, and returns only rows after this one; null: from the first. */
  readonly after?: RowKey | null;
  /** Only rows with these keys. */
  readonly among?: readonly RowKey[];
  readonly lock?: 'FOR UPDATE' | 'LOCK IN SHARE MODE';
}

/** Returns the keys of a selection's rows, each once. The table must have a primary key. */
export async function selectKeys(
  session: Queryable,
  { table, from, where }: RowSelection,
  { limit, after, among, lock }: Wanted = {},
): Promise<RowKey[]> {
  const parts = table.primaryKey.map((column, at) => `${keyPartSql(column, table.flavour)} AS k${at}`);
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
    table.primaryKey.map((column, at) => keyLiteral(column, row[`k${at}`] ?? '')),
  );
  // A join by an undeclared key may return a row several times: its parent column may not be unique
  return [...new Map(keys.map((key) => [key.join(), key])).values()];
}

/** Calls `work` once for each batch of a selection's rows, in the order of the primary key. */
export async function forEachBatch(
  session: Queryable,
  rows: RowSelection,
  limit: number,
  work: (keys: readonly RowKey[]) => Promise<void>,
): Promise<void> {
  let after: RowKey | null = null;
  do {
    const keys: RowKey[] = await selectKeys(session, rows, { limit, after });
    if (keys.length > 0) await work(keys);
    after = keys.at(-1) ?? null;
  } while (after !== null);
}
