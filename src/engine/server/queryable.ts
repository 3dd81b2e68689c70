import { setTimeout as delay } from 'node:timers/promises';

/** Executes SQL with `?` placeholders on one session and resolves to the rows. A TypeORM QueryRunner is one. */
export interface Queryable {
  /** Executes one statement. */
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  /** True inside a transaction, as far as the session knows. */
  readonly isTransactionActive?: boolean | undefined;
}

/** The session marked as inside a transaction, for a transaction that the caller began by a statement. */
export function insideTransaction(session: Queryable): Queryable {
  return { query: (sql, parameters) => session.query(sql, parameters), isTransactionActive: true };
}

/** A row as the server sends it. */
export type Row = Readonly<Record<string, unknown>>;

/** Returns the rows of a SELECT. The caller, who wrote the SELECT, promises their shape. */
export async function select<T extends object = Row>(
  session: Queryable,
  sql: string,
  parameters?: unknown[],
): Promise<T[]> {
  return (await session.query(sql, parameters)) as T[];
}

/** How many rows a statement changed, by its result. */
export const affectedRows = (result: unknown): number =>
  Number((result as { affectedRows?: number }).affectedRows ?? 0);

/** One placeholder for each value: `?, ?`. */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/** The server's answer to a refused statement. */
interface Answer {
  readonly errno: number;
  readonly sqlState: string;
  readonly text: string;
}

/** Finds the server's answer in an error or its causes; null where the error is not from the server. */
export function answerIn(error: unknown): Answer | null {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { errno, sqlState, sqlMessage } = at as Partial<
      Record<'errno' | 'sqlState' | 'sqlMessage', unknown>
    >;
    if (typeof errno === 'number' && errno > 0)
      return { errno, sqlState: String(sqlState ?? ''), text: String(sqlMessage ?? '') };
  }
  return null;
}

/** The server's error number; null where the error is not from the server. */
export const errnoOf = (error: unknown): number | null => answerIn(error)?.errno ?? null;

/** True for ER_NO_SUCH_TABLE. */
export const isTableMissing = (error: unknown): boolean => errnoOf(error) === 1146;

/** Counts the rows of a FROM and a WHERE, both given as SQL. */
export async function countRows(
  session: Queryable,
  from: string,
  where = 'TRUE',
  parameters?: unknown[],
): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM ${from} WHERE ${where}`;
  const [counted] = await select<{ n: number | string }>(session, sql, parameters);
  return Number(counted?.n ?? 0);
}

/** An identifier in backticks, which both servers accept under any sql_mode. */
export function quoteName(name: string): string {
  return '`' + name.replaceAll('`', '``') + '`';
}

/**
 * A string literal that means the same under any sql_mode: quotes are doubled.
 *
 * @throws RangeError for a text with a backslash
 */
export function quoteText(text: string): string {
  if (text.includes('\\')) {
    throw new RangeError(
      `a literal with a backslash means different things under different sql_modes: ${text}`,
    );
  }
  return `'${text.replaceAll("'", "''")}'`;
}

/** True where the session's database has that table or view, and the user may see it. */
export async function tableExists(session: Queryable, name: string): Promise<boolean> {
  const rows = await catalogRows(
    session,
    'SELECT 1 AS found FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [name],
  );
  return rows.length > 0;
}

/** ER_LOCK_DEADLOCK. */
const aborted = 1213;
const maxAttempts = 6;
/** Upper bound of the random pause before the first retry, in milliseconds; doubles with each further retry. */
const pauseMs = 10;

/**
 * Returns the rows of a catalog query (information_schema or SHOW). On a Galera node, concurrent DDL on the same table
 * aborts such a query with 1213 (measured: a few of a hundred under continuous DDL). The query has no effect, so it is
 * retried up to five times; but not inside a transaction, which 1213 has rolled back.
 */
export async function catalogRows<T extends object = Row>(
  session: Queryable,
  sql: string,
  parameters?: unknown[],
): Promise<T[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await select<T>(session, sql, parameters);
    } catch (error) {
      const isAborted = errnoOf(error) === aborted;
      if (!isAborted || session.isTransactionActive || attempt === maxAttempts) throw error;
      await delay(Math.random() * pauseMs * 2 ** (attempt - 1));
    }
  }
}

/**
 * Runs `work` with other values of session variables, then restores the former values: a pool may hand the session out again.
 *
 * @param wanted the values by variable name; numbers are set and restored as numbers, texts as texts
 */
export async function withSessionSettings<T>(
  session: Queryable,
  wanted: Readonly<Record<string, number | string>>,
  work: () => Promise<T>,
): Promise<T> {
  const names = Object.keys(wanted);
  const set = (values: Row): Promise<unknown> => {
    const literal = (name: string): string =>
      typeof wanted[name] === 'number' ? String(Number(values[name])) : quoteText(String(values[name]));
    return session.query(`SET ${names.map((name) => `SESSION ${name} = ${literal(name)}`).join(', ')}`);
  };
  const columns = names.map((name) => `@@SESSION.${name} AS ${name}`);
  const [before] = await select(session, `SELECT ${columns.join(', ')}`);
  await set(wanted);
  try {
    return await work();
  } finally {
    // A lost connection has nothing to restore; the error of `work` is the one to report
    if (before !== undefined) await set(before).catch(() => undefined);
  }
}
