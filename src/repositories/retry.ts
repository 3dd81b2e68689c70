import { backOff } from 'exponential-backoff';
import { isProtectionFlowsError, ProtectionFlowsError } from '../errors';

/**
 * The server has undone the transaction, or the statement, for the sake of another one; the same again will do.
 * - 1213: deadlock; on a Galera cluster also a certification that was lost, at COMMIT too
 * - 1205: a lock was not had in time
 * - 1020: MariaDB from 11.6, innodb_snapshot_isolation: the row was changed since the snapshot
 * - 3101: MySQL Group Replication: a certification that was lost
 *
 * @see https://mariadb.com/kb/en/innodb-transaction-isolation-levels/
 * @see https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html
 */
const retryableErrnos = new Set([1213, 1205, 1020, 3101]);

const attempts = 12;
const firstDelayMs = 5;
const longestDelayMs = 400;

/** True for an error after which the whole transaction may simply be repeated. */
export function isRetryable(error: unknown): boolean {
  if (isProtectionFlowsError(error, 'TRANSACTION_ABORTED')) return true;
  const { errno } = (error ?? {}) as { errno?: unknown };
  return typeof errno === 'number' && retryableErrnos.has(errno);
}

/** The error for a transaction whose work is gone. */
export function transactionAborted(cause: unknown): ProtectionFlowsError {
  if (isProtectionFlowsError(cause, 'TRANSACTION_ABORTED')) return cause;
  const { errno } = cause as { errno?: number };
  return new ProtectionFlowsError('TRANSACTION_ABORTED', {
    message: `the server gave up the transaction in favour of another one (errno ${errno})`,
    remedy: 'Repeat the whole transaction from its beginning, not the statement alone.',
    details: { errno },
    cause,
  });
}

/**
 * Repeats `work` after a retryable error, with growing random pauses.
 *
 * @throws TRANSACTION_ABORTED when it still fails after 12 attempts; any other error at once
 */
export async function retried<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isRetryable(error)) throw error;
  }
  try {
    return await backOff(work, {
      numOfAttempts: attempts - 1,
      startingDelay: firstDelayMs,
      maxDelay: longestDelayMs,
      delayFirstAttempt: true,
      jitter: 'full',
      retry: isRetryable,
    });
  } catch (error) {
    throw isRetryable(error) ? transactionAborted(error) : error;
  }
}
