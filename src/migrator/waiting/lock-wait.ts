import { isProtectionFlowsError } from '../../errors';
import type { Queryable } from '../../schema/queryable';
import { findHolders } from './find-holders';
import type { Holders } from './holders';
import { tableBusy } from './table-busy';

/** How long the server lets a statement wait for a table's lock, in seconds, where nobody ends the wait before. */
export const lockWaitSeconds = 1;

/** ER_LOCK_WAIT_TIMEOUT, for row and metadata locks alike. */
export const lockWaitTimeout = 1205;

const isLockWait = (error: unknown): error is { readonly query?: string } =>
  !isProtectionFlowsError(error) && (error as { errno?: number } | null)?.errno === lockWaitTimeout;

/** The TABLE_BUSY that a lock wait of a read stands for (LOCK TABLES, or DDL of others); any other error as it is. */
export function busy(error: unknown, holders: Holders | null = null): unknown {
  if (!isLockWait(error)) return error;
  return tableBusy(holders, { sql: error.query ?? '', cause: error });
}

/** How long the server lets the session's statements wait for a table's lock from here on. */
export async function setLockWait(session: Queryable, seconds: number): Promise<void> {
  await session.query(`SET SESSION lock_wait_timeout = ${seconds}`);
}

/** Runs `work` in a session whose statements give up on a lock after {@link lockWaitSeconds}, then restores it. */
export async function withShortLockWait<T>(session: Queryable, work: () => Promise<T>): Promise<T> {
  await setLockWait(session, lockWaitSeconds);
  try {
    return await work();
  } catch (error) {
    if (!isLockWait(error)) throw error;
    const wanted = { waiterId: null, sql: error.query ?? '' };
    throw busy(error, await findHolders(session, wanted).catch(() => null));
  } finally {
    await session.query('SET SESSION lock_wait_timeout = DEFAULT').catch(() => undefined);
  }
}
