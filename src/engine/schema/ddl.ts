import { quoteName } from '../server/queryable';
import { isText, widthOf } from './column-type';
import type { Flavour } from '../server/server';
import {
  named,
  type Check,
  type Column,
  type ForeignKey,
  type Index,
  type Schema,
  type Table,
} from './shape';

/** The charset and collation of a text column. */
export interface TextSettings {
  readonly charset: string;
  readonly collation: string;
}

/**
 * The charset and collation that a declared column must have in the live schema; null for a column that is no text.
 * A column with a declared key to an undeclared table takes those of its live parent column: a key or a join across two
 * collations fails (1005/errno 150, 1267). Any other column takes its own, or its table's.
 */
export function expectedText(
  declared: Schema,
  table: Table,
  column: Column,
  live: Schema,
): TextSettings | null {
  if (!isText(column.type)) return null;
  const key = table.foreignKeys.find((candidate) => candidate.columns[0] === column.name);
  const parent = key === undefined || declared.has(key.parentTable) ? undefined : live.get(key.parentTable);
  const parentColumn = named(parent?.columns ?? [], key?.parentColumns[0] ?? '');
  if (parentColumn?.charset && parentColumn.collation) {
    return { charset: parentColumn.charset, collation: parentColumn.collation };
  }
  return { charset: column.charset ?? table.charset, collation: column.collation ?? table.collation };
}

/** Converts a value to another charset and collation, as SQL. */
export const convertedSql = (value: string, { charset, collation }: TextSettings): string =>
  `CONVERT(${value} USING ${charset}) COLLATE ${collation}`;

/** The charset and collation that the column itself names; null where it names none. */
const ownText = ({ type, charset, collation }: Column): TextSettings | null =>
  isText(type) && charset !== null && collation !== null ? { charset, collation } : null;

/** Assignments, each after a comma, that keep the ON UPDATE CURRENT_TIMESTAMP columns in an UPDATE of `written`. */
export function keptTimes(columns: readonly Column[], written: readonly string[], alias = ''): string {
  const kept = columns.filter(({ name, onUpdateNow }) => onUpdateNow && !written.includes(name));
  return kept.map(({ name }) => `, ${alias}${quoteName(name)} = ${alias}${quoteName(name)}`).join('');
}

function defaultSql(value: string): string {
  if (value === 'current_timestamp') return 'CURRENT_TIMESTAMP';
  // MySQL insists on the parentheses around any other expression; MariaDB takes them.
  return value.startsWith("'") ? value : `(${value})`;
}

/**
 * A column's definition. It always says NULL or NOT NULL: else explicit_defaults_for_timestamp=OFF decides.
 *
 * @param text its charset and collation; by default those that the column names, null for the table's
 */
export function columnSql(column: Column, text: TextSettings | null = ownText(column)): string {
  const parts = [quoteName(column.name), column.type];
  if (text !== null) parts.push(`CHARACTER SET ${text.charset} COLLATE ${text.collation}`);
  parts.push(column.nullable ? 'NULL' : 'NOT NULL');
  if (column.default !== null) parts.push(`DEFAULT ${defaultSql(column.default)}`);
  else if (column.nullable && !/text$|^json$/.test(column.type)) parts.push('DEFAULT NULL');
  if (column.onUpdateNow) parts.push('ON UPDATE CURRENT_TIMESTAMP');
  if (/auto_increment/.test(column.extra)) parts.push('AUTO_INCREMENT');
  return parts.join(' ');
}

/** An index's columns as text: `customer_id, placed_at DESC`; as SQL when `written` quotes the names. */
export function describeIndexColumns(
  { columns }: Pick<Index, 'columns'>,
  written: (name: string) => string = String,
): string {
  return columns
    .map(
      ({ name, prefix, descending }) =>
        `${written(name)}${prefix === null ? '' : `(${prefix})`}${descending ? ' DESC' : ''}`,
    )
    .join(', ');
}

/** An index's definition, as in CREATE TABLE and after ADD. */
export function indexSql(index: Index): string {
  return `${index.unique ? 'UNIQUE ' : ''}INDEX ${quoteName(index.name)} (${describeIndexColumns(index, quoteName)})`;
}

/** A CHECK's definition, as in CREATE TABLE and after ADD. */
export function checkSql(check: Check): string {
  return `CONSTRAINT ${quoteName(check.name)} CHECK (${check.expression})`;
}

const utf8mb4Bytes = 4;

const names = (list: readonly string[]): string => list.map(quoteName).join(', ');

/**
 * A key's definition, as after ADD, written so that the catalog shows the declared rules. It always says ON UPDATE:
 * otherwise MariaDB reports RESTRICT, which TypeORM calls drift. On MariaDB it leaves out ON DELETE RESTRICT, the
 * default: MariaDB 10.11 stores a written one as NO ACTION when it adds the key in place (seen).
 */
export function foreignKeySql(key: ForeignKey, flavour: Flavour): string {
  const parent = [key.parentDatabase, key.parentTable].filter((part) => part !== null).map(quoteName);
  const onDelete = flavour === 'mariadb' && key.onDelete === 'RESTRICT' ? '' : `ON DELETE ${key.onDelete} `;
  return (
    `CONSTRAINT ${quoteName(key.name)} FOREIGN KEY (${names(key.columns)}) ` +
    `REFERENCES ${parent.join('.')} (${names(key.parentColumns)}) ` +
    `${onDelete}ON UPDATE ${key.onUpdate}`
  );
}

/**
 * The row format of our tables, whatever innodb_default_row_format says: COMPACT and REDUNDANT index at most 767 bytes of
 * a column (1709). It is always written: an ALTER that rebuilds a table without it applies the server's default.
 */
export const rowFormatSql = 'ROW_FORMAT=DYNAMIC';

/** True when an index has a column of more than 767 bytes, which COMPACT and REDUNDANT rows do not allow. */
export function needsDynamicRows({ columns, indexes }: Table): boolean {
  const indexed = indexes.flatMap((index) => index.columns).filter(({ prefix }) => prefix === null);
  return indexed.some(({ name }) => {
    const type = named(columns, name)?.type ?? '';
    const width = isText(type) ? widthOf(type) : Infinity;
    return width !== Infinity && width * utf8mb4Bytes > 767;
  });
}

/**
 * CREATE TABLE without foreign keys: steps add those one by one, each with its own checks.
 *
 * @param textOf the charset and collation of a column; null, the default, for the table's
 */
export function createTableSql(
  table: Table,
  textOf: (column: Column) => TextSettings | null = () => null,
): string {
  const lines = [
    ...table.columns.map((column) => columnSql(column, textOf(column))),
    `PRIMARY KEY (${names(table.primaryKey)})`,
    ...table.indexes.map(indexSql),
    ...table.checks.map(checkSql),
  ];
  return (
    `CREATE TABLE ${quoteName(table.name)} (\n  ${lines.join(',\n  ')}\n) ` +
    `ENGINE=${table.engine} ${rowFormatSql} DEFAULT CHARSET=${table.charset} COLLATE=${table.collation}`
  );
}

/** One statement of a plan, with what others need to know about it without parsing its SQL. */
export interface Statement {
  readonly sql: string;
  /** The table that it creates, alters or drops; null for any other statement. */
  readonly table: string | null;
  /** The privilege that it needs on that table. */
  readonly privilege: 'CREATE' | 'ALTER' | 'DROP' | null;
  /** True where the server copies the table while its writers wait. */
  readonly copies: boolean;
}

/** The server changes the table in place while others read and write it. */
export const online = 'ALGORITHM=INPLACE, LOCK=NONE';
/** The server copies the table while its writers wait. */
export const copying = 'ALGORITHM=COPY';
/** The server copies the table while others read and write it: MariaDB from 11.2, see `copiesOnline`. */
export const copyingOnline = 'ALGORITHM=COPY, LOCK=NONE';
/** How the server is to alter a table; '' lets it choose. */
export type Algorithm = typeof online | typeof copying | typeof copyingOnline | '';

/** CREATE TABLE as a statement of a plan. */
export const creating = (...made: Parameters<typeof createTableSql>): Statement => ({
  sql: createTableSql(...made),
  table: made[0].name,
  privilege: 'CREATE',
  copies: false,
});

/** ALTER TABLE as a statement of a plan. */
export const altering = (table: string, how: Algorithm, ...changes: readonly string[]): Statement => ({
  sql: `${alterSql(table, ...changes)}${how === '' ? '' : `, ${how}`}`,
  table,
  privilege: 'ALTER',
  copies: how === copying,
});

/** DROP TABLE as a statement of a plan. */
export const dropping = (table: string): Statement => ({
  sql: `DROP TABLE ${quoteName(table)}`,
  table,
  privilege: 'DROP',
  copies: false,
});

/** Any other statement of a plan. */
export const otherSql = (sql: string): Statement => ({ sql, table: null, privilege: null, copies: false });

/** The SQL of each statement. */
export const sqlOf = (statements: readonly Statement[]): string[] => statements.map(({ sql }) => sql);

/** ALTER TABLE with one or more changes. */
export function alterSql(table: string, ...changes: readonly string[]): string {
  return `ALTER TABLE ${quoteName(table)} ${changes.join(', ')}`;
}

/** DROP of a CHECK: `DROP CONSTRAINT` is common to both servers (MariaDB has no DROP CHECK). */
export const dropCheckSql = (name: string): string => `DROP CONSTRAINT ${quoteName(name)}`;

/** DROP of a foreign key. */
export const dropForeignKeySql = (name: string): string => `DROP FOREIGN KEY ${quoteName(name)}`;

/** Statements as a script: one a line, each ended by a semicolon. */
export const script = (statements: readonly string[]): string =>
  statements.map((sql) => `${sql};`).join('\n');
