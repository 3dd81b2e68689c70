import { setTimeout as delay } from 'node:timers/promises';
import { ProtectionFlowsError } from '../../errors';
import type { Queryable } from '../server/queryable';
import { findHolders } from './find-holders';
import type { Holders } from './holders';
import {
  lockWaitSeconds,
  lockWaitTimeout,
  setLockWait,
  setRowLockWait,
  type WaitListener,
} from './lock-wait';
import { tableBusy, waitedFor } from './table-busy';
import type { TableProbe } from './table-probe';
import type { Watchdog } from './watchdog';

/** How a statement that waits for a table takes turns with the application; all in milliseconds. */
interface Slices {
  /** How long the first attempt may wait; each further one twice as long. */
  readonly firstMs: number;
  /** How long any attempt may wait. */
  readonly longestMs: number;
  /** How long an attempt may wait that had to work for as long: less would throw much work away for little. */
  readonly afterWorkMs: number;
  /** From when on a statement is watched: most are done by then. */
  readonly watchAfterMs: number;
}

/** What every command uses; only tests take others. */
export const defaultSlices: Slices = { firstMs: 50, longestMs: 1000, afterWorkMs: 2000, watchAfterMs: 40 };

/** The application is let through for so many times as long as it was held up. */
const pauseFactor = 4;

/**
 * How long an attempt may wait, in milliseconds.
 *
 * @param attempt how many attempts found the table held before this one
 * @param workedMs how long this attempt worked before it began to wait
 */
function sliceMs(slices: Slices, attempt: number, workedMs: number): number {
  const turn = Math.min(slices.firstMs * 2 ** attempt, slices.longestMs);
  return Math.max(turn, Math.min(workedMs, slices.afterWorkMs));
}

/** The pause after an attempt that gave up at once: this at first, each further time twice as long, in milliseconds. */
const shortestPauseMs = 10;
const longestShortPauseMs = 200;

/**
 * How long the application is let through after an attempt that waited so long, in milliseconds.
 *
 * @param attempt how many attempts found the table held before this one
 */
export function pauseMs(slices: Slices, attempt: number, waitedMs: number): number {
  // What is longer was a wait for rows, which holds up nobody else, or work that nobody watched
  const turn = Math.min(waitedMs, slices.afterWorkMs) * pauseFactor;
  return Math.max(turn, Math.min(shortestPauseMs * 2 ** attempt, longestShortPauseMs));
}

/** From which attempt on MariaDB may wait for InnoDB's locks: trying again found no moment without a writer. */
const patientAttempt = 30;

/** How long all attempts at one statement may wait by default, in milliseconds. */
const defaultPatienceMs = 60_000;

/** ER_LOCK_DEADLOCK: two sessions wait for each other's tables, and the server chose this one to give up. */
const deadlock = 1213;

/** ER_QUERY_INTERRUPTED: KILL QUERY. */
const queryInterrupted = 1317;

/** Options of {@link executeStatement}. */
export interface StatementOptions {
  /** Ends attempts that wait for too long. Without it, the server's lock_wait_timeout does. */
  readonly watchdog?: Watchdog;
  /** Waits before the statement is sent, on a server where that would not wait as it should. */
  readonly probe?: TableProbe;
  /** Aborting it ends the wait. */
  readonly signal?: AbortSignal;
  /** How long to wait for a transaction that holds the table, work not counted, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number;
  readonly slices?: Slices;
  /** How long the session waits for InnoDB's locks as a rule, in seconds; set again after a statement that needed more. */
  readonly rowLockSeconds?: number;
  /** Told whom the statement waits for, when it is first known and when it changes. */
  readonly onWait?: WaitListener;
}

/** Throws INTERRUPTED once the signal is aborted. */
export function assertNotInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new ProtectionFlowsError('INTERRUPTED', {
    message: 'interrupted by the caller',
    remedy: 'Run the command again: each step finds out from the catalog what is left to do.',
  });
}

/** An attempt that found the table held, and had no effect. */
interface Held {
  readonly waitedMs: number;
  readonly workedMs: number;
  readonly holders: Holders | null;
  readonly cause: unknown;
}

/** Somebody ended the statement, and wants it ended: it is not tried again. */
function endedByOthers(sql: string, cause: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('INTERRUPTED', {
    message: `somebody ended the statement with KILL QUERY: ${sql.split('\n')[0] ?? ''}`,
    consequence: 'The statement had no effect; running the command again goes on from there.',
    remedy: 'Ask who administers the server, then run the command again.',
    details: { sql },
    cause,
  });
}

/** Whoever holds the tables now; null where nobody could be asked. */
function holdersOf(session: Queryable, sql: string, watchdog?: Watchdog): Promise<Holders | null> {
  const wanted = { waiterId: null, sql, ownThreads: watchdog?.ownThreads() };
  return findHolders(session, wanted).catch(() => null);
}

/** Asks whether the statement may be sent; null where it may, or nobody is to be asked. */
async function lookAhead(
  session: Queryable,
  sql: string,
  { probe, watchdog, signal, slices = defaultSlices }: StatementOptions,
  attempts: number,
): Promise<Held | null> {
  if (probe === undefined) return null;
  const start = performance.now();
  const cause = await probe.wait(sql, sliceMs(slices, attempts, 0), signal);
  assertNotInterrupted(signal);
  if (cause === null) return null;
  const waitedMs = performance.now() - start;
  return { waitedMs, workedMs: 0, holders: await holdersOf(session, sql, watchdog), cause };
}

/** Executes the statement once; null where it took effect. */
async function attempt(
  session: Queryable,
  sql: string,
  { watchdog, signal, slices = defaultSlices }: StatementOptions,
  attempts: number,
): Promise<Held | null> {
  const watch = await watchdog?.watch({
    sql,
    afterMs: slices.watchAfterMs,
    sliceMs: (workedMs) => sliceMs(slices, attempts, workedMs),
    signal,
  });
  const start = performance.now();
  let failure: unknown = null;
  try {
    await session.query(sql);
  } catch (error) {
    failure = error;
  }
  const ms = performance.now() - start;
  const sighting = await watch?.end();
  // A KILL QUERY that came too late for the statement must not meet the session's next one. MariaDB 10.11 and MySQL 9.7
  // forget it by themselves (tried); no manual promises it.
  if (sighting?.killed) await session.query('DO 0').catch(() => undefined);
  if (failure === null) return null;
  const { errno } = failure as { errno?: number };
  if (errno === queryInterrupted && !sighting?.killed) throw endedByOthers(sql, failure);
  if (errno !== queryInterrupted && errno !== lockWaitTimeout && errno !== deadlock) throw failure;
  const workedMs = sighting?.workedMs ?? 0;
  const holders = sighting?.holders ?? (await holdersOf(session, sql, watchdog));
  return { waitedMs: ms - workedMs, workedMs, holders, cause: failure };
}

/**
 * Executes DDL without holding up the application, however long a transaction holds the table. While a statement
 * waits for a table, every later statement on that table waits behind it; so each attempt waits for a moment only, and
 * between two attempts the application has the table for four times as long.
 *
 * @throws ProtectionFlowsError TABLE_BUSY, naming who holds the table; INTERRUPTED, where the signal is aborted or
 * somebody else ended the statement. It had no effect then.
 */
export async function executeStatement(
  session: Queryable,
  sql: string,
  options: StatementOptions = {},
): Promise<void> {
  const { signal, tableWaitMs: patienceMs = defaultPatienceMs, slices = defaultSlices } = options;
  let waitedMs = 0;
  let told = '';
  let workedLong = false;
  let attempts = 0;
  try {
    for (; ; attempts += 1) {
      const held =
        (await lookAhead(session, sql, options, attempts)) ??
        (await attempt(session, sql, options, attempts));
      if (held === null) return;
      assertNotInterrupted(signal);
      waitedMs += held.waitedMs;
      const ids = held.holders?.blockers.map(({ connectionId }) => connectionId) ?? null;
      const key = JSON.stringify(ids);
      if (key !== told) options.onWait?.(waitedFor(held.holders), ids ?? []);
      told = key;
      if (waitedMs >= patienceMs) throw tableBusy(held.holders, { sql, patienceMs, cause: held.cause });
      const pause = Math.min(pauseMs(slices, attempts, held.waitedMs), patienceMs - waitedMs);
      await delay(pause, undefined, { signal }).catch(() => assertNotInterrupted(signal));
      waitedMs += pause;
      if (attempts === patientAttempt && options.rowLockSeconds !== undefined)
        await setRowLockWait(session, lockWaitSeconds);
      if (held.workedMs > lockWaitSeconds * 1000 && !workedLong) {
        workedLong = true;
        await setLockWait(session, Math.ceil(slices.afterWorkMs / 1000));
      }
    }
  } finally {
    if (workedLong) await setLockWait(session, lockWaitSeconds).catch(() => undefined);
    if (attempts > patientAttempt && options.rowLockSeconds !== undefined)
      await setRowLockWait(session, options.rowLockSeconds).catch(() => undefined);
  }
}
