import { isBinary, isText, someValue, widthOf } from '../schema/column-type';
import { setTimeout as delay } from 'node:timers/promises';
import { ProtectionFlowsError } from '../../errors';
import { isRequired, named, type Column, type ForeignKey, type Schema, type Table } from '../schema/shape';
import type { OrphanContext } from './context';
import { sqlNameOf } from './rows';
import { convertedSql, expectedText, keptTimes } from '../schema/ddl';
import { quoteName, select, type Queryable } from '../server/queryable';

const pauseMs = 50;
const defaultPatienceMs = 60_000;

/**
 * Counts a key's orphans after the key was added. The result is final.
 *
 * From then on the server checks every statement of other sessions, but not the earlier changes of transactions that are
 * still open. When MySQL adds the key, it waits for open transactions on both tables; MariaDB waits only for those on the
 * child (tried on 10.11 and 11.8). There, a transaction may have deleted a parent before: readers see the parent until
 * the commit, and no check follows.
 *
 * So this function reads twice: with the changes of open transactions (READ UNCOMMITTED), and without them. A row with a
 * parent in both reads keeps it; a row without one in both is an orphan. Otherwise the end of a transaction decides, and
 * the function waits for that end.
 *
 * @throws ProtectionFlowsError TABLE_BUSY where such a transaction does not end, INTERRUPTED
 */
export async function findSettledOrphans(
  context: OrphanContext,
  table: Table,
  key: ForeignKey,
  live: Schema,
): Promise<Orphans> {
  const { session } = context;
  const patienceMs = context.tableWaitMs ?? defaultPatienceMs;
  const deadline = Date.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    await session.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
    const uncommitted = await sampleOrphans(session, table, key, live);
    const committed = await sampleOrphans(session, table, key, live);
    if (uncommitted.length === 0 && committed.length === 0) return { values: 0, rows: 0, sample: [] };
    if (committed.some((value) => uncommitted.includes(value))) {
      const orphans = await findOrphans(session, table, key, live);
      if (orphans.rows > 0) return orphans;
    }
    await context.goOn?.();
    const [value = ''] = [...uncommitted, ...committed];
    if (Date.now() > deadline) {
      throw new ProtectionFlowsError('TABLE_BUSY', {
        message: `whether ${key.parentTable} ${value} exists depends on a transaction that has been open for ${patienceMs / 1000} s`,
        remedy: 'Find it in SHOW FULL PROCESSLIST, let it end or KILL it, and migrate again.',
        details: { table: key.parentTable, key: key.name, value, patienceMs },
      });
    }
    if (attempt === 1)
      context.onProgress?.(`wait for a transaction that writes ${key.parentTable} ('${value}')`);
    await delay(pauseMs);
  }
}

/** The rows of a child table whose parent does not exist. */
export interface Orphans {
  /** The number of distinct values without a parent. */
  readonly values: number;
  /** The number of rows with such a value. */
  readonly rows: number;
  /** Up to ten of the values. */
  readonly sample: readonly string[];
}

const sampleSize = 10;

/** `3 rows of orders name 2 rows of customers that do not exist`. Pure. */
export function describeOrphans(
  table: string,
  { parentTable }: Pick<ForeignKey, 'parentTable'>,
  { rows, values }: Pick<Orphans, 'rows' | 'values'>,
): string {
  const children = rows === 1 ? `1 row of ${table} names` : `${rows} rows of ${table} name`;
  return values === 1
    ? `${children} a row of ${parentTable} that does not exist`
    : `${children} ${values} rows of ${parentTable} that do not exist`;
}

/** The parent table's name in SQL. */
export const parentSql = ({ parentDatabase: database, parentTable: name }: ForeignKey): string =>
  sqlNameOf({ database, name });

/** Converts a child's value to the parent column's collation: comparing two collations fails (1267). */
export function asParent(value: string, child: Table, key: ForeignKey, live: Schema): string {
  const column = named(child.columns, key.columns[0]);
  const text = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  return text ? convertedSql(value, text) : value;
}

/** Joins a child's rows, by their alias, to their parents `p`; `isOrphan` is the condition for rows without a parent. */
export function parentJoin(
  alias: string,
  child: Table,
  key: ForeignKey,
  live: Schema,
): { readonly join: string; readonly isOrphan: string } {
  const value = `${alias}.${quoteName(key.columns[0])}`;
  const parent = `p.${quoteName(key.parentColumns[0])}`;
  return {
    join: `LEFT JOIN ${parentSql(key)} p ON ${parent} = ${asParent(value, child, key, live)}`,
    isOrphan: `${value} IS NOT NULL AND ${parent} IS NULL`,
  };
}

/** The FROM and WHERE that select, of the child's `values`, those without a parent. */
function withoutParent(table: Table, key: ForeignKey, live: Schema, values: string): string {
  const parent = `p.${quoteName(key.parentColumns[0])}`;
  return `FROM (${values}) d
  LEFT JOIN ${parentSql(key)} p ON ${parent} = ${asParent('d.value', table, key, live)}
 WHERE ${parent} IS NULL`;
}

/** A SELECT of a key's orphaned values, each with the number of its rows. Reads the child's whole index. */
export function orphansSql(table: Table, key: ForeignKey, live: Schema): string {
  const column = quoteName(key.columns[0]);
  const counted = `SELECT ${column} AS value, COUNT(*) AS n FROM ${quoteName(table.name)} WHERE ${column} IS NOT NULL GROUP BY ${column}`;
  return `SELECT d.value AS value, d.n AS n\n  ${withoutParent(table, key, live, counted)}`;
}

/**
 * A SELECT of some orphaned values. With an index on the child's column, the server jumps in it from value to value ("Using
 * index for group-by" in EXPLAIN): of a million rows with 10,000 values it reads 10,000 entries.
 */
function orphanSampleSql(table: Table, key: ForeignKey, live: Schema): string {
  const column = quoteName(key.columns[0]);
  const distinct = `SELECT DISTINCT ${column} AS value FROM ${quoteName(table.name)} WHERE ${column} IS NOT NULL`;
  return `SELECT d.value AS value\n  ${withoutParent(table, key, live, distinct)}\n LIMIT ${sampleSize}`;
}

/** Returns up to ten of a key's orphaned values. Reads without locking. */
async function sampleOrphans(
  session: Queryable,
  table: Table,
  key: ForeignKey,
  live: Schema,
): Promise<string[]> {
  const rows = await select<{ value: unknown }>(session, orphanSampleSql(table, key, live));
  return rows.map((row) => String(row.value));
}

/** Counts a key's orphans in the live tables. Where there are none, it reads only the distinct values of the child's index. */
export async function findOrphans(
  session: Queryable,
  table: Table,
  key: ForeignKey,
  live: Schema,
): Promise<Orphans> {
  const sample = await sampleOrphans(session, table, key, live);
  if (sample.length === 0) return { values: 0, rows: 0, sample };
  const [counted] = await select<{ n: number | string; total: number | string | null }>(
    session,
    `SELECT COUNT(*) AS n, SUM(o.n) AS total FROM (${orphansSql(table, key, live)}) o`,
  );
  return { values: Number(counted?.n ?? 0), rows: Number(counted?.total ?? 0), sample };
}

/** How many characters of a column a unique index contains; null where no unique index contains it. */
function uniqueWidth(parent: Table, column: Column): number | null {
  const length = widthOf(column.type);
  const widths = parent.indexes
    .filter((index) => index.unique)
    .flatMap((index) => index.columns.filter((part) => part.name === column.name))
    .map((part) => part.prefix ?? length);
  if (parent.primaryKey.includes(column.name)) widths.push(length);
  return widths.length === 0 ? null : Math.min(length, ...widths);
}

const prefix = 'restored ';
/** The longest id in the package's keys. */
const widestId = 64;

/** A text for a placeholder's column; distinct for each id where the column is unique. */
function placeholderText(type: string, unique: number | null): string {
  const width = Math.min(widthOf(type), unique ?? Infinity);
  if (width >= prefix.length + widestId) return `CONCAT('${prefix}', o.id)`;
  return unique === null ? `LEFT(CONCAT('${prefix}', o.id), ${width})` : `LEFT(MD5(o.id), ${width})`;
}

/** The SQL of a value for a placeholder's column, computed from the orphaned id `o.id`. */
function placeholderValue(parent: Table, column: Column): string {
  const reference = parent.foreignKeys.find((one) => one.columns[0] === column.name);
  if (reference !== undefined) {
    if (reference.parentTable === parent.name) return 'o.id';
    return `(SELECT MIN(${quoteName(reference.parentColumns[0])}) FROM ${parentSql(reference)})`;
  }
  const { type } = column;
  const unique = uniqueWidth(parent, column);
  const some = someValue(type);
  if (some !== undefined) return some;
  if (isText(type) || isBinary(type)) return placeholderText(type, unique);
  if (type === 'uuid') return 'UUID()';
  if (unique === null) return '0';
  const highest = `SELECT MAX(m.${quoteName(column.name)}) FROM ${quoteName(parent.name)} m`;
  return `COALESCE((${highest}), 0) + ROW_NUMBER() OVER (ORDER BY o.id)`;
}

/** True where a placeholder can't use the column's default: there is none, or it would break a unique index. */
function isFilled(parent: Table, column: Column): boolean {
  if (isRequired(column)) return true;
  return column.default?.startsWith("'") === true && uniqueWidth(parent, column) !== null;
}

function placeholders(parent: Table, table: Table, key: ForeignKey, live: Schema): string {
  const [from, to] = [quoteName(key.columns[0]), quoteName(key.parentColumns[0])];
  const filled = parent.columns.filter(
    (column) => column.name !== key.parentColumns[0] && isFilled(parent, column),
  );
  const names = [to, ...filled.map((column) => quoteName(column.name))].join(', ');
  const values = ['o.id', ...filled.map((column) => placeholderValue(parent, column))].join(', ');
  const value = asParent(`c.${from}`, table, key, live);
  return (
    `INSERT INTO ${parentSql(key)} (${names})\n` +
    `SELECT ${values}\n` +
    `  FROM (SELECT DISTINCT ${value} AS id FROM ${quoteName(table.name)} c WHERE c.${from} IS NOT NULL) o\n` +
    `  LEFT JOIN ${parentSql(key)} p ON p.${to} = o.id\n` +
    ` WHERE p.${to} IS NULL`
  );
}

/**
 * The statements, without semicolons, that repair a key's orphans by its delete rule, as if the parent had been deleted
 * under the key. CASCADE deletes the rows; SET NULL sets the column to NULL. Under RESTRICT (NO ACTION) the parent could not
 * have been deleted, so a placeholder is inserted for each parent, with a valid value in every required column. None where
 * the parent table does not exist. Pure; the statements may be executed twice.
 *
 * @param table the live child
 * @param live the live tables, the parent among them
 */
export function mendOrphansSql(table: Table, key: ForeignKey, live: Schema): string[] {
  const parent = live.get(key.parentTable);
  if (parent === undefined) return [];
  const from = quoteName(key.columns[0]);
  const { join, isOrphan } = parentJoin('c', table, key, live);
  switch (key.onDelete) {
    case 'CASCADE':
      return [`DELETE c FROM ${quoteName(table.name)} c ${join} WHERE ${isOrphan}`];
    case 'SET NULL': {
      // Like the server's own SET NULL, keeps the value of a column with ON UPDATE CURRENT_TIMESTAMP
      const kept = keptTimes(table.columns, key.columns, 'c.');
      return [`UPDATE ${quoteName(table.name)} c ${join} SET c.${from} = NULL${kept} WHERE ${isOrphan}`];
    }
    default:
      return [placeholders(parent, table, key, live)];
  }
}

/** Describes what {@link mendOrphansSql} does. */
export function describeOrphanMend(table: string, key: ForeignKey): string {
  const [column, parent] = [key.columns[0], key.parentTable];
  const which = `rows of ${table} whose ${column} names no row of ${parent}`;
  if (key.onDelete === 'CASCADE')
    return `Deletes the ${which}, as ${key.name} would have. To keep them, restore the rows of ${parent} instead.`;
  if (key.onDelete === 'SET NULL')
    return `Clears ${column} in the ${which}, as ${key.name} would have. To keep it, restore the rows of ${parent} instead.`;
  return `Inserts a placeholder into ${parent} for the ${which}: under ${key.name} none could have been deleted. Complete the placeholders, or restore the real rows instead.`;
}
