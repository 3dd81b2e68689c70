import type { QueryRunner } from 'typeorm';
import { ProtectionFlowsError, isLostToAnother, isProtectionFlowsError } from '../errors';
import { backOff } from 'exponential-backoff';
import { channelNamed, traced } from '../tracing';

const retries = channelNamed('retry');

const givenUp = new WeakSet<QueryRunner>();

function notExecuted(cause: ProtectionFlowsError, errno: number | undefined): ProtectionFlowsError {
  return new ProtectionFlowsError('TRANSACTION_ABORTED', {
    message: `this statement was not executed, because the transaction has already failed: ${cause.message}`,
    remedy: cause.remedy,
    details: { errno },
    cause,
  });
}

/**
 * Ends a caller's transaction, so that nothing of it is ever committed. Rolls it back. Until the caller rolls it back too,
 * each further statement on its runner fails, including COMMIT.
 *
 * The server alone does not ensure that. After a lock timeout it has undone one statement, and a COMMIT would keep the
 * others (innodb_rollback_on_timeout is off by default). After a deadlock it has undone everything, and would execute the
 * next statements outside any transaction.
 */
export async function giveUpTransaction(
  runner: QueryRunner,
  fault: ProtectionFlowsError,
  errno: number | undefined,
): Promise<void> {
  if (givenUp.has(runner)) return;
  givenUp.add(runner);
  const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
  const refusing = async (sql: string, ...rest: unknown[]): Promise<unknown> => {
    // A nested transaction: after an error, TypeORM would roll back the outer one, and execute the rest outside any transaction
    if (/^\s*(?:SAVEPOINT|ROLLBACK\s+TO)\b/i.test(sql)) return [];
    if (!/^\s*ROLLBACK\b/i.test(sql)) throw notExecuted(fault, errno);
    givenUp.delete(runner);
    runner.query = query as QueryRunner['query'];
    return query(sql, ...rest);
  };
  runner.query = refusing as QueryRunner['query'];
  // If this fails, the connection is gone, and the transaction with it
  await query('ROLLBACK').catch(() => undefined);
}

const leastAttempts = 12;
/** A cluster node that lags behind the others loses every conflict with them, a dozen times within a second. */
const leastMs = 10_000;
const firstDelayMs = 5;
const longestDelayMs = 400;

/** True for an error after which the whole transaction may be repeated. */
export function isRetryable(error: unknown): boolean {
  return isProtectionFlowsError(error, 'TRANSACTION_ABORTED') || isLostToAnother(error);
}

/** The error for a transaction whose work is lost. */
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
 * The error for a DELETE that left some of its locked rows. MySQL 9.6 and later report success if an ON DELETE CASCADE lost
 * a deadlock, which undid the whole transaction, or timed out waiting for a lock, which left a part of the cascade undone
 * (docs/mysql-cascades.md).
 */
export function undoneInSilence(table: string, locked: number, deleted: number): ProtectionFlowsError {
  return new ProtectionFlowsError('TRANSACTION_ABORTED', {
    message: `the server deleted ${deleted} of ${locked} locked rows of ${table} without an error: a cascade lost a conflict with another transaction`,
    remedy: 'Repeat the whole transaction from its beginning, not the statement alone.',
    details: { errno: undefined },
  });
}

/**
 * Does `work`, and repeats it after a retryable error, with growing random delays.
 *
 * @throws TRANSACTION_ABORTED if it still fails after at least 12 attempts and 10 seconds; any other error at once
 */
export async function retried<Result>(work: () => Promise<Result>): Promise<Result> {
  const begun = performance.now();
  let again: { readonly attempt: number; readonly errno?: number } = { attempt: 1 };
  const mayRepeat = (error: unknown): boolean => {
    const { errno, details = { errno } } = (error ?? {}) as { errno?: number; details?: { errno?: number } };
    const isOver = again.attempt >= leastAttempts && performance.now() - begun >= leastMs;
    again = { attempt: again.attempt + 1, errno: details.errno };
    return !isOver && isRetryable(error);
  };
  try {
    return await work();
  } catch (error) {
    if (!mayRepeat(error)) throw error;
  }
  try {
    return await backOff(() => traced(retries, again, work), {
      numOfAttempts: Infinity,
      startingDelay: firstDelayMs,
      maxDelay: longestDelayMs,
      delayFirstAttempt: true,
      jitter: 'full',
      retry: mayRepeat,
    });
  } catch (error) {
    throw isRetryable(error) ? transactionAborted(error) : error;
  }
}
