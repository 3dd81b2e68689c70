import { backOff } from 'exponential-backoff';
import { isLostToAnother, isProtectionFlowsError, ProtectionFlowsError } from '../errors';

const attempts = 12;
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
