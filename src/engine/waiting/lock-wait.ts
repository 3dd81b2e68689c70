import { isProtectionFlowsError } from '../../errors';
import { type Queryable, errnoOf } from '../server/queryable';
import type { Flavour, Server } from '../server/server';
import { findHolders } from './find-holders';
import type { Holders } from './holders';
import { tableBusy } from './table-busy';
import { channelNamed, traced } from '../../tracing';

/** How long the server lets a statement wait for a table's lock, in seconds, where nobody ends the wait before. */
export const lockWaitSeconds = 1;

/** ER_LOCK_WAIT_TIMEOUT, for row and metadata locks alike. */
export const lockWaitTimeout = 1205;

const isLockWait = (error: unknown): error is { readonly query?: string } =>
  !isProtectionFlowsError(error) && errnoOf(error) === lockWaitTimeout;

/** The TABLE_BUSY that a lock wait of a read stands for (LOCK TABLES, or DDL of others); any other error as it is. */
export function busy(error: unknown, holders: Holders | null = null): unknown {
  if (!isLockWait(error)) return error;
  return tableBusy(holders, { sql: error.query ?? '', cause: error });
}

/** How long the server lets the session's statements wait for a table's lock from here on. */
export async function setLockWait(session: Queryable, seconds: number): Promise<void> {
  await session.query(`SET SESSION lock_wait_timeout = ${seconds}`);
}

/**
 * How long they wait for InnoDB's locks. When MariaDB commits an ALTER of a table that others refer to, it waits for every
 * transaction that has written one of those, with the altered table closed to all meanwhile: for 50 seconds by default,
 * whatever KILL QUERY says (seen on 10.11 and 11.8). A transaction that writes first such a table and then the altered
 * one would wait for the ALTER as long as that waits for it. With 0 seconds the ALTER gives up at once, and tries again.
 */
export async function setRowLockWait(session: Queryable, seconds: number): Promise<void> {
  await session.query(`SET SESSION innodb_lock_wait_timeout = ${seconds}`);
}

/** How long a statement may wait for InnoDB's locks at first, in seconds: 1 is the least that MySQL takes. */
export const rowLockSeconds: Readonly<Record<Flavour, number>> = { mariadb: 0, mysql: 1 };

/** Runs `work` in a session whose statements give up on a lock after {@link lockWaitSeconds}, then restores it. */
export async function withShortLockWait<T>(
  session: Queryable,
  { flavour }: Server,
  work: () => Promise<T>,
): Promise<T> {
  await session.query(
    `SET SESSION lock_wait_timeout = ${lockWaitSeconds}, SESSION innodb_lock_wait_timeout = ${rowLockSeconds[flavour]}`,
  );
  try {
    return await work();
  } catch (error) {
    if (!isLockWait(error)) throw error;
    const wanted = { waiterId: null, sql: error.query ?? '' };
    throw busy(error, await findHolders(session, wanted).catch(() => null));
  } finally {
    await session
      .query('SET SESSION lock_wait_timeout = DEFAULT, SESSION innodb_lock_wait_timeout = DEFAULT')
      .catch(() => undefined);
  }
}

const waits = channelNamed('lock-wait');

/** Told whom a lock is waited for: in words, and by the ids of their connections, as far as they are known. */
export type WaitListener = (holder: string, connectionIds?: readonly number[]) => void;

/** Does what may have to wait, and tells the channel of the wait: from the first that is heard of it to the end. */
export function traceWait<Result>(
  on: 'table' | 'migrate',
  listener: WaitListener | undefined,
  work: (onWait: WaitListener) => Promise<Result>,
): Promise<Result> {
  const context = { on, connectionIds: [] as readonly number[] };
  let isTold = false;
  const running: Promise<Result> = work((holder, connectionIds = []) => {
    listener?.(holder, connectionIds);
    context.connectionIds = connectionIds;
    if (!isTold) traced(waits, context, () => running).catch(() => undefined);
    isTold = true;
  });
  return running;
}
