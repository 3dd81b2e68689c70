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

/** How a statement that waits for a table lock takes turns with the application; all in milliseconds. */
interface Slices {
  /** How long the first attempt may wait; the limit doubles with each attempt. */
  readonly firstMs: number;
  /** The longest wait of an attempt that has done no work. */
  readonly longestMs: number;
  /** An attempt may wait as long as it has worked, up to this limit: ending it sooner would waste its work. */
  readonly afterWorkMs: number;
  /** When to begin watching a statement: most have finished by then. */
  readonly watchAfterMs: number;
}

/** Every command uses these; only tests use others. */
export const defaultSlices: Slices = { firstMs: 50, longestMs: 1000, afterWorkMs: 2000, watchAfterMs: 40 };

/** After a wait, the application has the table for this many times as long as the attempt waited. */
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

/** The least pause after an attempt: 10 ms at first, doubling with each attempt up to 200 ms. */
const shortestPauseMs = 10;
const longestShortPauseMs = 200;

/**
 * How long to pause after an attempt that waited for `waitedMs`, in milliseconds.
 *
 * @param attempt how many attempts found the table held before this one
 */
export function pauseMs(slices: Slices, attempt: number, waitedMs: number): number {
  // A longer wait was for row locks, which blocks no other session, or was work that no watchdog measured
  const turn = Math.min(waitedMs, slices.afterWorkMs) * pauseFactor;
  return Math.max(turn, Math.min(shortestPauseMs * 2 ** attempt, longestShortPauseMs));
}

/** After this many attempts, MariaDB may wait for InnoDB's locks: no attempt has met a moment without a writer. */
const patientAttempt = 30;

/** How long all attempts at one statement may wait by default, in milliseconds. */
const defaultPatienceMs = 60_000;

/** ER_LOCK_DEADLOCK: two sessions wait for each other's tables, and the server ended this statement. */
const deadlock = 1213;

/** ER_QUERY_INTERRUPTED: KILL QUERY. */
const queryInterrupted = 1317;

/** Options of {@link executeStatement}. */
export interface StatementOptions {
  /** Ends attempts that wait too long. Without a watchdog, the server's lock_wait_timeout ends them. */
  readonly watchdog?: Watchdog;
  /** Waits for the table before the statement is sent, on a Galera node: see {@link TableProbe}. */
  readonly probe?: TableProbe;
  /** Aborting it ends the wait. */
  readonly signal?: AbortSignal;
  /** How long to wait for transactions that hold the table, without the time of work, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number;
  readonly slices?: Slices;
  /** How long the session normally waits for InnoDB's locks, in seconds; restored after a statement that waited longer. */
  readonly rowLockSeconds?: number;
  /** Called with the holders of the table when they are first known, and when they change. */
  readonly onWait?: WaitListener;
}

/** Throws INTERRUPTED once the signal is aborted. */
export function assertNotInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new ProtectionFlowsError('INTERRUPTED', {
    message: 'interrupted by the caller',
    remedy: 'Run the command again: each step reads from the catalog what is left to do.',
  });
}

/** An attempt that had no effect, because another session held the table. */
interface Held {
  readonly waitedMs: number;
  readonly workedMs: number;
  readonly holders: Holders | null;
  readonly cause: unknown;
}

/** The error of a statement that another session killed. It is not retried, because its killer wanted it to end. */
function endedByOthers(sql: string, cause: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('INTERRUPTED', {
    message: `somebody ended the statement with KILL QUERY: ${sql.split('\n')[0] ?? ''}`,
    consequence: 'The statement had no effect; running the command again goes on from there.',
    remedy: "Ask the server's administrator, then run the command again.",
    details: { sql },
    cause,
  });
}

/** Finds who holds the statement's tables now; null where the server does not answer. */
function holdersOf(session: Queryable, sql: string, watchdog?: Watchdog): Promise<Holders | null> {
  const wanted = { waiterId: null, sql, ownThreads: watchdog?.ownThreads() };
  return findHolders(session, wanted).catch(() => null);
}

/** Waits until the probe finds the table free; null where it is, or where there is no probe. */
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

/** Executes the statement once; null on success. */
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
  // A late KILL QUERY must not end the session's next statement. MariaDB 10.11 and MySQL 9.7 drop a late kill by
  // themselves (tried), but no manual promises this.
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
 * Executes DDL without blocking the application, however long a transaction holds the table. While DDL waits for a table,
 * every later statement on that table waits behind it. So each attempt waits for a moment only, and between two attempts
 * the application has the table for four times as long.
 *
 * @throws ProtectionFlowsError TABLE_BUSY, naming who holds the table; INTERRUPTED, where the signal is aborted or
 * another session killed the statement. In both cases the statement had no effect.
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
