import { setTimeout as delay } from 'node:timers/promises';
import { isLostToAnother, ProtectionFlowsError } from '../../errors';
import { errnoOf, quoteText, withSessionSettings, type Queryable } from './queryable';

/** How long a statement waits for a row that another transaction holds, in seconds. */
const lockWaitSeconds = 2;
const maxAttempts = 20;
const defaultPatienceMs = 60_000;
const longestPauseMs = 200;

/**
 * Strict, so that no value is changed in silence; with NO_AUTO_VALUE_ON_ZERO and any date allowed, so that a row that
 * was stored under a laxer mode comes back as it was.
 */
const strictMode = 'STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION';
const laxMode = strictMode.replace('STRICT_TRANS_TABLES,', '');

/** Runs `work` in a session of {@link withRowSettings}, but so that the server warns where it would refuse a value. */
export async function withWarnings<T>(session: Queryable, work: () => Promise<T>): Promise<T> {
  await session.query(`SET SESSION sql_mode = ${quoteText(laxMode)}`);
  try {
    return await work();
  } finally {
    await session.query(`SET SESSION sql_mode = ${quoteText(strictMode)}`).catch(() => undefined);
  }
}

/**
 * Runs `work` with the session settings that moving rows needs: UTC, a strict sql_mode, short waits for the rows of
 * others. Afterwards the session has its own again.
 */
export const withRowSettings = <T>(session: Queryable, work: () => Promise<T>): Promise<T> =>
  withSessionSettings(
    session,
    { innodb_lock_wait_timeout: lockWaitSeconds, time_zone: '+00:00', sql_mode: strictMode },
    work,
  );

/** Options of {@link inRowTransaction}. */
interface RowTransactionOptions {
  /** What is done, for the error: `quarantine rows of shop_orders`. */
  readonly what: string;
  /** How long to try in the face of others' locks, in milliseconds. Default: a minute. */
  readonly patienceMs?: number;
  /** Asked before each attempt. */
  goOn?(): Promise<void> | void;
}

/**
 * Runs `work` in a transaction of its own, and again where it lost against others: the transaction is ours, so all of
 * it can be repeated. Rolls back where `work` throws.
 *
 * @throws ProtectionFlowsError TABLE_BUSY after twenty attempts, or once the patience is over; what `work` throws
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
      // Of two that deadlock again and again, one has to come later
      await delay(Math.random() * longestPauseMs);
    }
  }
}

function busy(what: string, attempts: number, cause: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('TABLE_BUSY', {
    message: `others held the rows in ${attempts} attempts to ${what}`,
    consequence: 'The rows of that batch are as they were; running the command again goes on from there.',
    remedy:
      'Find the transaction in SHOW FULL PROCESSLIST, let it end or KILL it, and run the command again.',
    details: { attempts, errno: errnoOf(cause) },
    cause,
  });
}
