import { setTimeout as delay } from 'node:timers/promises';

/**
 * Anything that executes SQL with `?` placeholders on one session and resolves to the rows: a TypeORM QueryRunner
 * is one.
 */
export interface Queryable {
  /** Executes one statement. */
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  /** True inside a transaction, as far as the session knows. */
  readonly isTransactionActive?: boolean | undefined;
}

/** The session as it is to be used inside a transaction that was begun by a statement. */
export function insideTransaction(session: Queryable): Queryable {
  return { query: (sql, parameters) => session.query(sql, parameters), isTransactionActive: true };
}

/** A row as the server sends it. */
export type Row = Readonly<Record<string, unknown>>;

/** The rows of a SELECT. The shape is the caller's promise: it wrote the SELECT. */
export async function select<T extends object = Row>(
  session: Queryable,
  sql: string,
  parameters?: unknown[],
): Promise<T[]> {
  return (await session.query(sql, parameters)) as T[];
}

/** The marks of as many values: `?, ?`. */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/** What the server says of an error. */
interface Answer {
  readonly errno: number;
  readonly sqlState: string;
  readonly text: string;
}

/** What the server says of an error, whatever it was wrapped in; null for an error that is none of the server's. */
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

/** The server's number of an error; null for an error that is none of the server's. */
export const errnoOf = (error: unknown): number | null => answerIn(error)?.errno ?? null;

/** True for ER_NO_SUCH_TABLE. */
export const isTableMissing = (error: unknown): boolean => errnoOf(error) === 1146;

/** How many rows there are of that FROM and WHERE, written as SQL. */
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

/** An identifier in backticks, as both servers want it whatever the sql_mode. */
export function quoteName(name: string): string {
  return '`' + name.replaceAll('`', '``') + '`';
}

/** A string literal that holds under any sql_mode: quotes doubled, no backslash escapes relied on. */
export function quoteText(text: string): string {
  if (text.includes('\\')) {
    throw new RangeError(
      `a literal with a backslash means different things under different sql_modes: ${text}`,
    );
  }
  return `'${text.replaceAll("'", "''")}'`;
}

/** True where the session's database has that table, or view, and its user may see it. */
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
/** The longest pause before the second attempt; before each further one twice as long. In milliseconds. */
const pauseMs = 10;

/**
 * The rows of a question to the catalog: information_schema, or SHOW. On a Galera node DDL of others aborts it where
 * both touch a table (measured: some of a hundred under DDL without a pause); it had no effect, so it is asked again, a
 * few times. Not inside a transaction, which is gone with it.
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
 * Runs `work` with other values of session variables, and gives the session, which a pool hands out again, its former ones.
 *
 * @param wanted by the variable's name; a number stays one
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
    // On a lost connection there is nothing to restore, and the work's own error says more
    if (before !== undefined) await set(before).catch(() => undefined);
  }
}
