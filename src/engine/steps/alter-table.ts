import { ProtectionFlowsError } from '../../errors';
import { altering, copying, copyingOnline, online, rowFormatSql, type Algorithm } from '../schema/ddl';
import type { StepContext } from './step';
import { catalogRows, type Queryable, errnoOf, quoteName, select } from '../server/queryable';
import type { Words } from '../server/names';
import type { Server } from '../server/server';

/** How large a table is. */
export interface TableSize {
  /** Its rows: counted up to a limit, beyond it the server's estimate. */
  readonly rows: number;
  /** Data and indexes, as the server estimates them. */
  readonly bytes: number;
}

/** Never counts more rows than this one by one. */
const mostCounted = 1_000_000;

/** Counts a table's rows up to the limit. For more rows, and for the bytes, reads the catalog's estimates. */
export async function readTableSize(
  session: Queryable,
  table: string,
  limitRows: number,
): Promise<TableSize> {
  const limit = Math.min(limitRows, mostCounted);
  const [counted] = await select<{ n: number | string }>(
    session,
    `SELECT COUNT(*) AS n FROM (SELECT 1 FROM ${quoteName(table)} LIMIT ${limit + 1}) some`,
  );
  const [estimated] = await catalogRows<{ n: number | string | null; bytes: number | string | null }>(
    session,
    `SELECT TABLE_ROWS AS n, DATA_LENGTH + INDEX_LENGTH AS bytes
       FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    [table],
  );
  const rows = Number(counted?.n ?? 0);
  return {
    rows: rows > limit ? Math.max(rows, Number(estimated?.n ?? 0)) : rows,
    bytes: Number(estimated?.bytes ?? 0),
  };
}

/** A size in words: `about 1,200,000 rows, 340 MB`. */
export function describeSize({ rows, bytes }: TableSize): string {
  const count = new Intl.NumberFormat('en').format(rows);
  const size =
    bytes < 1_000_000
      ? `${Math.ceil(bytes / 1000)} kB`
      : `${new Intl.NumberFormat('en').format(Math.round(bytes / 1_000_000))} MB`;
  return `${count} row${rows === 1 ? '' : 's'}, ${size}`;
}

/** ER_ALTER_OPERATION_NOT_SUPPORTED and …_REASON: the server can't use this algorithm, or needs a stronger lock. */
const notSupported: readonly unknown[] = [1845, 1846];

/** True where the server answered that it can't make this change online. */
export const isNotOnline = (error: unknown): boolean => notSupported.includes(errnoOf(error));

/** Refuses to copy a large table, whose writers would wait too long. */
export function copyRefused(
  table: string,
  size: TableSize,
  limitRows: number,
  what: string,
  { environment }: Words,
): ProtectionFlowsError {
  return new ProtectionFlowsError('TABLE_COPY_REFUSED', {
    message: `this server can ${what} only by copying ${table} (${describeSize(size)}), and its writers wait meanwhile; tables of up to ${new Intl.NumberFormat('en').format(limitRows)} rows are copied without asking`,
    remedy: `In a quiet moment, run the same command with --allow-blocking; in another program, set ${environment}_COPY_LIMIT_ROWS in the environment.`,
    details: { table, ...size, limitRows },
  });
}

/** ER_INDEX_COLUMN_TOO_LONG: the rebuilt table would get the server's default row format, in which an index does not fit. */
const indexTooLong = 1709;

async function executeAlter(
  context: StepContext,
  table: string,
  changes: readonly string[],
  how: Algorithm,
): Promise<void> {
  const withChanges = (...all: string[]): Promise<void> => context.execute(altering(table, how, ...all).sql);
  try {
    await withChanges(...changes);
  } catch (error) {
    if (errnoOf(error) !== indexTooLong) throw error;
    await withChanges(rowFormatSql, ...changes);
  }
}

/** True where the server can copy a table while it is written: MariaDB from 11.2 on. */
export function canCopyOnline({ flavour, version }: Server): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return flavour === 'mariadb' && (major > 11 || (major === 11 && minor >= 2));
}

/** Makes the changes in one statement that lets readers and writers continue; false where the server can't. */
export async function alterOnline(
  context: StepContext,
  table: string,
  changes: readonly string[],
): Promise<boolean> {
  // Another server would refuse the second way, but only after it has opened the table
  const ways: readonly Algorithm[] = canCopyOnline(context.server) ? [online, copyingOnline] : [online];
  for (const how of ways) {
    try {
      await executeAlter(context, table, changes, how);
      return true;
    } catch (error) {
      if (!isNotOnline(error)) throw error;
    }
  }
  return false;
}

/** Makes the changes by one copy of the table, while its writers wait. */
export async function alterCopying(
  context: StepContext,
  table: string,
  changes: readonly string[],
  { size, what }: { readonly size: TableSize; readonly what: string },
): Promise<void> {
  context.onProgress?.(`copy ${table} (${describeSize(size)}) to ${what}; its writers wait`);
  await executeAlter(context, table, changes, copying);
}

/**
 * Changes a table online where the server can, else by a copy. A copy blocks the table's writers, so it is made only up to
 * the context's limit of rows.
 *
 * @param what the change in words, for the refusal: `give t.c another collation`
 * @throws ProtectionFlowsError TABLE_COPY_REFUSED
 */
export async function alterTable(
  context: StepContext,
  table: string,
  changes: readonly string[],
  what: string,
): Promise<void> {
  if (await alterOnline(context, table, changes)) return;
  const { session, copyLimitRows, owner } = context;
  const size = await readTableSize(session, table, copyLimitRows);
  if (size.rows > copyLimitRows) throw copyRefused(table, size, copyLimitRows, what, owner.words);
  await alterCopying(context, table, changes, { size, what });
}
