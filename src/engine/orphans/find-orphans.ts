import { setTimeout as delay } from 'node:timers/promises';
import { ProtectionFlowsError } from '../../errors';
import { type ForeignKey, type Schema, type Table, named } from '../schema/shape';
import type { StepContext } from '../steps/step';
import { expectedText } from '../schema/ddl';
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
  context: StepContext,
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

/** A join of both sides in the parent's collation: without it, two collations end in 1267. */
function childValue(table: Table, key: ForeignKey, live: Schema): string {
  const column = named(table.columns, key.columns[0] ?? '');
  const text = column && expectedText(new Map(), { ...table, foreignKeys: [key] }, column, live);
  return text ? `CONVERT(d.value USING ${text.charset}) COLLATE ${text.collation}` : 'd.value';
}

/** The child's values, from `values`, that no row of the parent has. */
function withoutParent(table: Table, key: ForeignKey, live: Schema, values: string): string {
  const parentColumn = quoteName(key.parentColumns[0] ?? '');
  return `FROM (${values}) d
  LEFT JOIN ${quoteName(key.parentTable)} p ON p.${parentColumn} = ${childValue(table, key, live)}
 WHERE p.${parentColumn} IS NULL`;
}

/** The SELECT that shows a key's orphans, each value with the number of its rows. It reads the child's whole index. */
export function orphansSql(table: Table, key: ForeignKey, live: Schema): string {
  const column = quoteName(key.columns[0] ?? '');
  const counted = `SELECT ${column} AS value, COUNT(*) AS n FROM ${quoteName(table.name)} WHERE ${column} IS NOT NULL GROUP BY ${column}`;
  return `SELECT d.value AS value, d.n AS n\n  ${withoutParent(table, key, live, counted)}`;
}

/**
 * The SELECT that finds some orphaned values. Where the child has an index on the column, the server jumps from value
 * to value in it ("Using index for group-by" in EXPLAIN): on a million rows of 10,000 values it reads 10,000 entries.
 */
export function orphanSampleSql(table: Table, key: ForeignKey, live: Schema): string {
  const column = quoteName(key.columns[0] ?? '');
  const distinct = `SELECT DISTINCT ${column} AS value FROM ${quoteName(table.name)} WHERE ${column} IS NOT NULL`;
  return `SELECT d.value AS value\n  ${withoutParent(table, key, live, distinct)}\n LIMIT ${sampleSize}`;
}

/** Some of a key's orphaned values, at most ten; empty where there are none. Reads without locking. */
export async function sampleOrphans(
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
