import { quoteName, type Queryable } from '../server/queryable';
import type { Flavour } from '../server/server';
import { catalogRows } from '../server/catalog-rows';

/** A column as far as its values have to be written down and read back. */
export interface RowColumn {
  readonly name: string;
  /** DATA_TYPE of the catalog, lower case: `varchar`, `bigint`. */
  readonly kind: string;
  readonly charset: string | null;
  readonly collation: string | null;
  /** The server computes it: it can't be inserted. */
  readonly isGenerated: boolean;
  /** True for an ENUM with the member ''. */
  readonly hasEmptyMember: boolean;
}

/** True for an ENUM's type, as the catalog has it, that lists ''. */
export const listsEmptyMember = (type: string): boolean =>
  [...type.matchAll(/'((?:[^']|'')*)'/g)].some(([, member]) => member === '');

/**
 * A value as it stands in the quarantine's JSON: every value is text, so that no number loses a digit; what is no text,
 * or in a charset that does not survive a conversion, stands there in hexadecimal digits. An ENUM's stands beside its
 * number in the list, which is 0 for the error value: what a lax server stores for a word that is not listed, and shows
 * as ''.
 */
export type StoredValue =
  | string
  | null
  | { readonly text?: string | null; readonly hex?: string | null; readonly index?: string | null };

/** A stored value's text or digits; null for NULL. */
export const storedText = (value: StoredValue): string | null =>
  value !== null && typeof value === 'object' ? (value.text ?? value.hex ?? null) : value;

/** Charsets whose every value comes back from utf8mb4 as it was (latin1's 256 values tried on all servers). */
const convertible = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'latin1']);

const floats = new Set(['float', 'double', 'real']);
const numbers = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'bit']);
const bytes =
  /binary$|blob$|^(geometry|point|linestring|polygon|multi\w+|geomcollection|geometrycollection|vector)$/;

/** True where the value is written down in hexadecimal digits. */
function isBytes({ kind, charset }: RowColumn): boolean {
  if (bytes.test(kind)) return true;
  return charset !== null && charset !== 'ascii' && !convertible.has(charset);
}

const asChar = (sql: string): string => `CAST(${sql} AS CHAR CHARACTER SET utf8mb4)`;

/** A value as text in SQL, exact; NULL for NULL. Hexadecimal where {@link StoredValue} has it so. */
function textSql(column: RowColumn, flavour: Flavour): string {
  const value = `r.${quoteName(column.name)}`;
  if (isBytes(column)) return `HEX(${value})`;
  if (column.kind === 'bit') return asChar(`${value} + 0`);
  if (floats.has(column.kind)) {
    // Times one, for a FLOAT by itself is rounded to six digits. MySQL cuts a double off at 22 characters, but not in
    // JSON; MariaDB writes it out.
    return asChar(flavour === 'mysql' ? `CAST(${value} * 1e0 AS JSON)` : `${value} * 1e0`);
  }
  // MariaDB's ASCII takes any byte; through latin1, it comes back
  if (column.charset === 'ascii') return asChar(`CONVERT(CAST(${value} AS BINARY) USING latin1)`);
  // CAST and not CONVERT: MariaDB's JSON_OBJECT would nest a JSON column that is merely converted, and reformat it
  return asChar(value);
}

/** A text as a literal that is safe under any sql_mode, and has no `?` that the driver would take for a parameter. */
export function textLiteral(text: string): string {
  return /^[\w .,:/-]*$/.test(text) ? `'${text}'` : `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`;
}

/** The row `r` as a JSON object in SQL, every column in it as a {@link StoredValue}. */
export function rowJsonSql(columns: readonly RowColumn[], flavour: Flavour): string {
  const pairs = columns.map((column) => {
    const text = textSql(column, flavour);
    // An IF around it would make text of the object on MariaDB, so NULL stands inside
    const number = `, 'index', ${asChar(`r.${quoteName(column.name)} + 0`)}`;
    const value =
      isBytes(column) || column.kind === 'enum'
        ? `JSON_OBJECT('${isBytes(column) ? 'hex' : 'text'}', ${text}${column.kind === 'enum' ? number : ''})`
        : text;
    return `${textLiteral(column.name)}, ${value}`;
  });
  return `JSON_OBJECT(${pairs.join(', ')})`;
}

/** The key of row `r` as text, in SQL. */
export function rowKeySql(columns: readonly RowColumn[], flavour: Flavour): string {
  return `CONCAT_WS(', ', ${columns.map((column) => textSql(column, flavour)).join(', ')})`;
}

/** A column's value of row `r` for {@link literalSql}, in hexadecimal digits. */
export const literalTextSql = (column: RowColumn, flavour: Flavour): string =>
  isBytes(column) ? textSql(column, flavour) : `HEX(${textSql(column, flavour)})`;

/** The literal for what {@link literalTextSql} selected: it compares with the column exactly, and by its index. */
export function literalSql(column: RowColumn, hex: string): string {
  if (isBytes(column)) return `X'${hex}'`;
  const text = Buffer.from(hex, 'hex').toString();
  // Digits as they are: a text compares with a number as a double, where the server does not convert it first
  return numbers.has(column.kind) ? text : `_utf8mb4 X'${hex}'`;
}

/** True for an ENUM's error value. Before its number was written down, it stood there as '' alone. */
export const isErrorValue = (column: RowColumn, value: StoredValue): boolean =>
  column.kind === 'enum' &&
  (value !== null && typeof value === 'object' && value.index !== undefined
    ? value.index === '0'
    : storedText(value) === '' && !column.hasEmptyMember);

/** What puts a stored value back into a column: a placeholder's SQL, and the parameter for it. */
export function insertedValue(
  column: RowColumn,
  value: StoredValue,
): { readonly sql: string; readonly parameter: string | null } {
  const parameter = storedText(value);
  if (isErrorValue(column, value)) return { sql: 'CAST(? AS UNSIGNED)', parameter: '0' };
  if (value !== null && typeof value === 'object' && value.hex !== undefined)
    return { sql: 'UNHEX(?)', parameter };
  if (column.kind === 'bit') return { sql: 'CAST(? AS UNSIGNED)', parameter };
  if (column.charset === 'ascii') return { sql: 'CAST(CONVERT(? USING latin1) AS BINARY)', parameter };
  return { sql: '?', parameter };
}

/** A live table whose rows are moved, of whatever owner and database. */
export interface RowTable {
  /** Null for the session's own database. */
  readonly database: string | null;
  readonly name: string;
  /** As people name it: with the database, where that is another. */
  readonly label: string;
  /** As SQL names it. */
  readonly sql: string;
  readonly flavour: Flavour;
  /** Every column in the table's order, invisible and generated ones too. */
  readonly columns: readonly RowColumn[];
  /** The columns of the primary key; empty where there is none. */
  readonly primaryKey: readonly RowColumn[];
}

/** Where a table is. */
export type TableName = Pick<RowTable, 'database' | 'name'>;

/** A table's name for people, and one that tells it from every other. */
export const labelOf = ({ database, name }: TableName): string =>
  database === null ? name : `${database}.${name}`;

/** A table's name in SQL. */
export const sqlNameOf = ({ database, name }: TableName): string =>
  database === null ? quoteName(name) : `${quoteName(database)}.${quoteName(name)}`;

interface ColumnRow {
  name: string;
  kind: string;
  type: string;
  charset: string | null;
  collation: string | null;
  extra: string;
}

/** Reads a table; null where it does not exist, or this account may not see it. */
export async function readRowTable(
  session: Queryable,
  flavour: Flavour,
  table: TableName,
): Promise<RowTable | null> {
  const { database, name } = table;
  const columns = (
    await catalogRows<ColumnRow>(
      session,
      `SELECT COLUMN_NAME AS name, LOWER(DATA_TYPE) AS kind, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset,
              COLLATION_NAME AS collation, EXTRA AS extra
         FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
        ORDER BY ORDINAL_POSITION`,
      [database, name],
    )
  ).map((row): RowColumn => {
    const isGenerated = /\b(virtual|stored|persistent) generated\b/i.test(row.extra);
    const { name: columnName, kind, charset, collation } = row;
    const hasEmptyMember = kind === 'enum' && listsEmptyMember(row.type);
    return { name: columnName, kind, charset, collation, isGenerated, hasEmptyMember };
  });
  if (columns.length === 0) return null;
  const key = await catalogRows<{ name: string }>(
    session,
    `SELECT COLUMN_NAME AS name FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY'
      ORDER BY SEQ_IN_INDEX`,
    [database, name],
  );
  return {
    database,
    name,
    label: labelOf(table),
    sql: sqlNameOf(table),
    flavour,
    columns,
    primaryKey: key.flatMap((part) => columns.filter((column) => column.name === part.name)),
  };
}
