import { setTimeout as delay } from 'node:timers/promises';
import { isProtectionFlowsError, ProtectionFlowsError } from '../errors';
import { assertNotInterrupted } from './interruption';
import type { Queryable } from '../schema/queryable';

/** How long one attempt waits for a table's lock, in seconds: while it waits, every later statement queues behind it. */
const lockWaitSeconds = 2;
/** How long all attempts at one statement may take by default, in milliseconds. */
const defaultPatienceMs = 60_000;
/** How long the others are let through between two attempts, in milliseconds. */
const pauseMs = 500;

/** ER_LOCK_WAIT_TIMEOUT, for row and metadata locks alike. */
const lockWaitTimeout = 1205;

/** Options of {@link executeStatement}. */
export interface StatementOptions {
  /** Aborting it ends the wait after the attempt under way. */
  readonly signal?: AbortSignal;
  /** How long to wait for a transaction that holds the table, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number;
  /** Told after each attempt that found the table held. */
  onWait?(): void;
}

/** Executes DDL without queueing the whole application behind it, however long a transaction holds the table. */
export async function executeStatement(
  session: Queryable,
  sql: string,
  { signal, tableWaitMs: patienceMs = defaultPatienceMs, onWait }: StatementOptions = {},
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      await session.query(sql);
      return;
    } catch (error) {
      const { errno } = error as { errno?: number };
      if (errno !== lockWaitTimeout) throw error;
      assertNotInterrupted(signal);
      if (Date.now() > deadline) {
        throw new ProtectionFlowsError('TABLE_BUSY', {
          message: `a transaction held the table for ${patienceMs / 1000} s: ${sql.split('\n')[0] ?? ''}`,
          remedy: 'Find the transaction in SHOW FULL PROCESSLIST, let it end or KILL it, and migrate again.',
          details: { sql, patienceMs },
          cause: error,
        });
      }
    }
    onWait?.();
    await delay(pauseMs);
  }
}

/** The TABLE_BUSY that a lock wait of a read stands for (LOCK TABLES, or DDL of others); any other error as it is. */
export function busy(error: unknown): unknown {
  if (isProtectionFlowsError(error) || (error as { errno?: number } | null)?.errno !== lockWaitTimeout)
    return error;
  return new ProtectionFlowsError('TABLE_BUSY', {
    message: 'a table that had to be read was locked by another connection',
    remedy: 'Find who locks it in SHOW FULL PROCESSLIST, let it end or KILL it, and run the command again.',
    cause: error,
  });
}

/** Runs `work` in a session whose statements give up on a lock after {@link lockWaitSeconds}, then restores it. */
export async function withShortLockWait<T>(session: Queryable, work: () => Promise<T>): Promise<T> {
  await session.query(`SET SESSION lock_wait_timeout = ${lockWaitSeconds}`);
  try {
    return await work();
  } catch (error) {
    throw busy(error);
  } finally {
    await session.query('SET SESSION lock_wait_timeout = DEFAULT').catch(() => undefined);
  }
}
