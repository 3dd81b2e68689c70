import type { QueryRunner } from 'typeorm';
import { ProtectionFlowsError, isLostToAnother, isProtectionFlowsError } from '../errors';
import { backOff } from 'exponential-backoff';
import { channelNamed, traced } from '../tracing';

const retries = channelNamed('retry');

const givenUp = new WeakSet<QueryRunner>();

function notExecuted(cause: ProtectionFlowsError, errno: number | undefined): ProtectionFlowsError {
  return new ProtectionFlowsError('TRANSACTION_ABORTED', {
    message: `the transaction was given up before: ${cause.message}; this statement was not executed`,
    remedy: cause.remedy,
    details: { errno },
    cause,
  });
}

/**
 * Ends a transaction of the caller's, so that nothing of it is ever committed: it is rolled back, and until the caller rolls it
 * back too, each further statement on its runner fails, COMMIT among them.
 *
 * The server does half of it. After a lock that was not had in time it has undone one statement, and a COMMIT would keep the
 * others (innodb_rollback_on_timeout is off by default); after a deadlock it has undone all, and would execute what
 * comes next outside of any transaction.
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
    // Of a nested transaction: refused, TypeORM would roll the outer one back, and then execute what follows by itself
    if (/^\s*(?:SAVEPOINT|ROLLBACK\s+TO)\b/i.test(sql)) return [];
    if (!/^\s*ROLLBACK\b/i.test(sql)) throw notExecuted(fault, errno);
    givenUp.delete(runner);
    runner.query = query as QueryRunner['query'];
    return query(sql, ...rest);
  };
  runner.query = refusing as QueryRunner['query'];
  // Where it fails, the connection is gone, and the transaction with it
  await query('ROLLBACK').catch(() => undefined);
}

const leastAttempts = 12;
/** A node of a cluster that lags behind the others loses every row to them, a dozen times within a second. */
const leastMs = 10_000;
const firstDelayMs = 5;
const longestDelayMs = 400;

/** True for an error after which the whole transaction may simply be repeated. */
export function isRetryable(error: unknown): boolean {
  return isProtectionFlowsError(error, 'TRANSACTION_ABORTED') || isLostToAnother(error);
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
 * The error for rows that this transaction has locked, and that its DELETE has left: MySQL from 9.6 on answers with
 * success to a statement whose ON DELETE CASCADE lost a deadlock, which has undone the whole transaction, or waited too long
 * for a lock, which has left a part of the cascade behind (docs/mysql-cascades.md).
 */
export function undoneInSilence(table: string, locked: number, deleted: number): ProtectionFlowsError {
  return new ProtectionFlowsError('TRANSACTION_ABORTED', {
    message: `the server deleted ${deleted} of ${locked} locked rows of ${table} and named no error: a cascade lost against another transaction`,
    remedy: 'Repeat the whole transaction from its beginning, not the statement alone.',
    details: { errno: undefined },
  });
}

/**
 * Repeats `work` after a retryable error, with growing random pauses.
 *
 * @throws TRANSACTION_ABORTED when it still fails after 12 attempts and 10 seconds; any other error at once
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
