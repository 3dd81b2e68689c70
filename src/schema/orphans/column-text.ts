import { quoteName } from '../queryable';
import type { Flavour } from '../server';

/** A column as far as its values have to be written down and read back. */
export interface RowColumn {
  readonly name: string;
  /** DATA_TYPE of the catalog, lower case: `varchar`, `bigint`. */
  readonly kind: string;
  readonly charset: string | null;
  readonly collation: string | null;
  /** The server computes it: it can't be inserted. */
  readonly isGenerated: boolean;
}

/**
 * A value as it stands in the quarantine's JSON: every value is text, so that no number loses a digit; what is no text,
 * or in a charset that does not survive a conversion, stands there in hexadecimal digits.
 */
export type StoredValue = string | null | { readonly hex: string | null };

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
    const value = isBytes(column) ? `JSON_OBJECT('hex', ${text})` : text;
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

/** What puts a stored value back into a column: a placeholder's SQL, and the parameter for it. */
export function insertedValue(
  column: RowColumn,
  value: StoredValue,
): { readonly sql: string; readonly parameter: string | null } {
  if (value !== null && typeof value === 'object') return { sql: 'UNHEX(?)', parameter: value.hex };
  if (column.kind === 'bit') return { sql: 'CAST(? AS UNSIGNED)', parameter: value };
  if (column.charset === 'ascii') return { sql: 'CAST(CONVERT(? USING latin1) AS BINARY)', parameter: value };
  return { sql: '?', parameter: value };
}
