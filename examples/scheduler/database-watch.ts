import { setTimeout as delay } from 'node:timers/promises';
import { isProtectionFlowsError, type ErrorCode } from '@sendense/protection-flows';
import type { Facts, Log } from './log';

/** What goes away by itself: the server is away or restarts, a failover is under way, others were served first. */
const passing: readonly ErrorCode[] = [
  'CONNECTION_LOST',
  'NO_WRITABLE_HOST',
  'SERVER_NOT_READY',
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'HOST_UNKNOWN',
  'SERVER_READ_ONLY',
  'TRANSACTION_ABORTED',
];

/** True for an error of a database that will be back. */
export function isPassing(error: unknown): boolean {
  return isProtectionFlowsError(error) && passing.includes(error.code);
}

/** What a log line says of an error; no stack, no SQL. */
export function errorFacts(error: unknown): Facts {
  const { message } = error as Error;
  return { code: isProtectionFlowsError(error) ? error.code : undefined, message };
}

/** Knows whether the database answers, and says so once when that changes. */
export class DatabaseWatch {
  private awaySince: number | null = null;
  private back: number | null = null;

  constructor(
    private readonly log: Log,
    private readonly pauseMs: number,
  ) {}

  /** True while the last that was heard of the database is that it does not answer. */
  get isAway(): boolean {
    return this.awaySince !== null;
  }

  /** When the database answered again after it had been away (as Date.now() counts); null: it never was. */
  get backAt(): number | null {
    return this.back;
  }

  /** Does the work, and notes whether the database answered. Throws what the work throws. */
  async observe<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      this.noteAnswer();
      return result;
    } catch (error) {
      if (isPassing(error)) this.noteAbsence(error);
      throw error;
    }
  }

  /**
   * Repeats the work until the database has answered. For work that does no harm when it is done twice, as all writes
   * of the data layer to one execution are: a connection may be lost after the server has done what it was told.
   *
   * @throws the work's last error once the signal is aborted, and any error at once that will not pass by itself
   */
  async persist<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    for (;;) {
      try {
        return await this.observe(work);
      } catch (error) {
        if (!isPassing(error) || signal.aborted) throw error;
        await delay(this.pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private noteAnswer(): void {
    if (this.awaySince === null) return;
    this.back = Date.now();
    this.log('database-back', { after_seconds: Math.round((this.back - this.awaySince) / 1000) });
    this.awaySince = null;
  }

  private noteAbsence(error: unknown): void {
    if (this.awaySince !== null) return;
    this.awaySince = Date.now();
    this.log('database-away', errorFacts(error));
  }
}
