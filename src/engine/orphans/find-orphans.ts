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
 * Counts a key's orphans once the key stands, and is right for good.
 *
 * From then on the server checks every statement of the others, but not what a transaction did before and has not
 * committed yet. MySQL waits for such transactions when it adds the key, of the parent's too; MariaDB waits only for
 * the child's (tried on 10.11 and 11.8): a parent that was deleted just before is still there for a reader, and gone
 * later, with nothing left to check it. So this looks twice: at what is there with the changes of open transactions
 * (READ UNCOMMITTED), and at what is there without them. A row with a parent in both has one for good; one without in
 * both is an orphan; in between, it is a matter of a transaction's end, which is waited for.
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
        message: `whether ${key.parentTable} ${value} is there depends on a transaction that has been open for ${patienceMs / 1000} s`,
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
  /** How many distinct values have no parent. */
  readonly values: number;
  /** How many rows hold such a value. */
  readonly rows: number;
  /** Some of the values, at most ten. */
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

/** A value of the child's column as the parent's holds it: two collations in one comparison end in 1267. */
export function asParent(value: string, child: Table, key: ForeignKey, live: Schema): string {
  const column = named(child.columns, key.columns[0]);
  const text = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  return text ? convertedSql(value, text) : value;
}

/** The join of a child's rows, by their alias, to their parents `p`; and what is true of those without one. */
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

/** The child's values, from `values`, that no row of the parent has. */
function withoutParent(table: Table, key: ForeignKey, live: Schema, values: string): string {
  const parent = `p.${quoteName(key.parentColumns[0])}`;
  return `FROM (${values}) d
  LEFT JOIN ${parentSql(key)} p ON ${parent} = ${asParent('d.value', table, key, live)}
 WHERE ${parent} IS NULL`;
}

/** The SELECT that shows a key's orphans, each value with the number of its rows. It reads the child's whole index. */
export function orphansSql(table: Table, key: ForeignKey, live: Schema): string {
  const column = quoteName(key.columns[0]);
  const counted = `SELECT ${column} AS value, COUNT(*) AS n FROM ${quoteName(table.name)} WHERE ${column} IS NOT NULL GROUP BY ${column}`;
  return `SELECT d.value AS value, d.n AS n\n  ${withoutParent(table, key, live, counted)}`;
}

/**
 * The SELECT that finds some orphaned values. Where the child has an index on the column, the server jumps from value
 * to value in it ("Using index for group-by" in EXPLAIN): on a million rows of 10,000 values it reads 10,000 entries.
 */
function orphanSampleSql(table: Table, key: ForeignKey, live: Schema): string {
  const column = quoteName(key.columns[0]);
  const distinct = `SELECT DISTINCT ${column} AS value FROM ${quoteName(table.name)} WHERE ${column} IS NOT NULL`;
  return `SELECT d.value AS value\n  ${withoutParent(table, key, live, distinct)}\n LIMIT ${sampleSize}`;
}

/** Some of a key's orphaned values, at most ten; empty where there are none. Reads without locking. */
async function sampleOrphans(
  session: Queryable,
  table: Table,
  key: ForeignKey,
  live: Schema,
): Promise<string[]> {
  const rows = await select<{ value: unknown }>(session, orphanSampleSql(table, key, live));
  return rows.map((row) => String(row.value));
}

/** Counts a key's orphans in the live tables; where there are none, one walk over the child's index says so. */
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

/** How much of a column a unique index looks at, in characters; null where none looks at it. */
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
/** The widest id that the package's keys hold. */
const widestId = 64;

/** A text for a placeholder's column, different for each value where the column is unique. */
function placeholderText(type: string, unique: number | null): string {
  const width = Math.min(widthOf(type), unique ?? Infinity);
  if (width >= prefix.length + widestId) return `CONCAT('${prefix}', o.id)`;
  return unique === null ? `LEFT(CONCAT('${prefix}', o.id), ${width})` : `LEFT(MD5(o.id), ${width})`;
}

/** A value, as SQL over the orphaned ids `o.id`, for a column that a placeholder must fill. */
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

/** True where a placeholder can't leave the column to its default: there is none, or it would be there twice. */
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
 * The statements, without semicolons, that mend a key's orphans by its own delete rule, as if the parent had been
 * deleted under the key: CASCADE deletes the rows, SET NULL clears the column; under RESTRICT (NO ACTION) the parent
 * could not have been deleted, so a placeholder is put back for each, with a fitting value in every column that must
 * have one. None where the parent table does not exist. Pure; they may be executed twice.
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
      // As the server's own SET NULL does, this leaves a column that an update would set to now
      const kept = keptTimes(table.columns, key.columns, 'c.');
      return [`UPDATE ${quoteName(table.name)} c ${join} SET c.${from} = NULL${kept} WHERE ${isOrphan}`];
    }
    default:
      return [placeholders(parent, table, key, live)];
  }
}

/** What {@link mendOrphansSql} does to which rows. */
export function describeOrphanMend(table: string, key: ForeignKey): string {
  const [column, parent] = [key.columns[0], key.parentTable];
  const which = `rows of ${table} whose ${column} names no row of ${parent}`;
  if (key.onDelete === 'CASCADE')
    return `Deletes the ${which}, as ${key.name} would have. To keep them, restore the rows of ${parent} instead.`;
  if (key.onDelete === 'SET NULL')
    return `Clears ${column} in the ${which}, as ${key.name} would have. To keep it, restore the rows of ${parent} instead.`;
  return `Puts a placeholder into ${parent} for the ${which}: under ${key.name} none could have been deleted. Complete them, or restore the true rows instead.`;
}
