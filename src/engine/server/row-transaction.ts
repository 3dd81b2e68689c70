import { setTimeout as delay } from 'node:timers/promises';
import { isLostToAnother, ProtectionFlowsError } from '../../errors';
import { errnoOf, quoteText, withSessionSettings, type Queryable } from './queryable';

/** How long a statement waits for a row lock, in seconds. */
const lockWaitSeconds = 2;
const maxAttempts = 20;
const defaultPatienceMs = 60_000;
const longestPauseMs = 200;

/**
 * Strict, so that the server changes no value silently. With NO_AUTO_VALUE_ON_ZERO and any date allowed, so that rows
 * stored under a laxer mode are moved unchanged.
 */
const strictMode = 'STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION';
const laxMode = strictMode.replace('STRICT_TRANS_TABLES,', '');

/** Runs `work` in a session of {@link withRowSettings}, where the server now warns instead of refusing a value. */
export async function withWarnings<T>(session: Queryable, work: () => Promise<T>): Promise<T> {
  await session.query(`SET SESSION sql_mode = ${quoteText(laxMode)}`);
  try {
    return await work();
  } finally {
    await session.query(`SET SESSION sql_mode = ${quoteText(strictMode)}`).catch(() => undefined);
  }
}

/**
 * Runs `work` with the session settings for moving rows: UTC, a strict sql_mode, short waits for row locks. Restores the
 * former settings afterwards.
 */
export const withRowSettings = <T>(session: Queryable, work: () => Promise<T>): Promise<T> =>
  withSessionSettings(
    session,
    { innodb_lock_wait_timeout: lockWaitSeconds, time_zone: '+00:00', sql_mode: strictMode },
    work,
  );

/** Options of {@link inRowTransaction}. */
interface RowTransactionOptions {
  /** What `work` does, for the error message: `quarantine rows of shop_orders`. */
  readonly what: string;
  /** How long to retry after lost locks, in milliseconds. Default: a minute. */
  readonly patienceMs?: number;
  /** Called before each attempt; throws to stop. */
  goOn?(): Promise<void> | void;
}

/**
 * Runs `work` in its own transaction; rolls back where `work` throws. Retries the whole transaction after a deadlock, a
 * lock timeout or a failed certification.
 *
 * @throws ProtectionFlowsError TABLE_BUSY after twenty attempts, or after `patienceMs`; what `work` and `goOn` throw
 */
export async function inRowTransaction<T>(
  session: Queryable,
  options: RowTransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + (options.patienceMs ?? defaultPatienceMs);
  for (let attempt = 1; ; attempt += 1) {
    await options.goOn?.();
    try {
      await session.query('START TRANSACTION');
      const result = await work();
      await session.query('COMMIT');
      return result;
    } catch (error) {
      await session.query('ROLLBACK').catch(() => undefined);
      if (!isLostToAnother(error)) throw error;
      if (attempt >= maxAttempts || Date.now() > deadline) throw busy(options.what, attempt, error);
      // A random pause, so that two transactions do not deadlock again and again
      await delay(Math.random() * longestPauseMs);
    }
  }
}

function busy(what: string, attempts: number, cause: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('TABLE_BUSY', {
    message: `other sessions locked the rows in all ${attempts} attempts to ${what}`,
    consequence: 'The rows of that batch are unchanged; running the command again goes on from there.',
    remedy:
      'Find the transaction in SHOW FULL PROCESSLIST, let it end or KILL it, and run the command again.',
    details: { attempts, errno: errnoOf(cause) },
    cause,
  });
}
