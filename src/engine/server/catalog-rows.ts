import { type Queryable, type Row, errnoOf, select } from './queryable';
import { setTimeout as delay } from 'node:timers/promises';

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
