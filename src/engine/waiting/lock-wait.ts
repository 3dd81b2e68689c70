import { isProtectionFlowsError } from '../../errors';
import { type Queryable, errnoOf } from '../server/queryable';
import type { Flavour, Server } from '../server/server';
import { findHolders } from './find-holders';
import type { Holders } from './holders';
import { tableBusy } from './table-busy';
import { channelNamed, traced } from '../../tracing';

/** The server's own limit for a statement's wait for a table lock, in seconds. */
export const lockWaitSeconds = 1;

/** ER_LOCK_WAIT_TIMEOUT, for row locks and metadata locks. */
export const lockWaitTimeout = 1205;

const isLockWait = (error: unknown): error is { readonly query?: string } =>
  !isProtectionFlowsError(error) && errnoOf(error) === lockWaitTimeout;

/** Turns a statement's lock timeout into TABLE_BUSY; returns any other error unchanged. */
export function busy(error: unknown, holders: Holders | null = null): unknown {
  if (!isLockWait(error)) return error;
  return tableBusy(holders, { sql: error.query ?? '', cause: error });
}

/** Sets how long the session's statements wait for a table lock. */
export async function setLockWait(session: Queryable, seconds: number): Promise<void> {
  await session.query(`SET SESSION lock_wait_timeout = ${seconds}`);
}

/**
 * Sets how long the session's statements wait for InnoDB's locks. At the commit of an ALTER, MariaDB waits for every
 * transaction that has written a table which refers to the altered one. Meanwhile the altered table is closed to all, for
 * 50 seconds by default, and KILL QUERY does not help (seen on 10.11 and 11.8). A transaction that writes first such a
 * table and then the altered one waits for the ALTER, while the ALTER waits for it. With 0 seconds the ALTER gives up at
 * once and is retried.
 */
export async function setRowLockWait(session: Queryable, seconds: number): Promise<void> {
  await session.query(`SET SESSION innodb_lock_wait_timeout = ${seconds}`);
}

/** How long a statement may wait for InnoDB's locks at first, in seconds. MySQL takes no less than 1. */
export const rowLockSeconds: Readonly<Record<Flavour, number>> = { mariadb: 0, mysql: 1 };

/** Runs `work` with a limit of {@link lockWaitSeconds} for table locks, then restores the server's defaults. */
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

/** Receives the holders of a lock that a command waits for: in words, and the known ids of their connections. */
export type WaitListener = (holder: string, connectionIds?: readonly number[]) => void;

/** Runs `work`, which may wait for a lock, and traces the wait on the channel: from the first report of it to the end. */
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
