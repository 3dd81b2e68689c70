import { setTimeout as delay } from 'node:timers/promises';
import { isLostToAnother, isPassing, isProtectionFlowsError, type ErrorCode } from '../errors';

const isOneOf = (error: unknown, codes: readonly ErrorCode[]): boolean =>
  isProtectionFlowsError(error) && codes.includes(error.code);

/** True where the server is away, a failover is under way, or the account is shut out for a time: there will be an end to it. */
const isAway = (error: unknown): boolean =>
  isPassing(error) ||
  isOneOf(error, ['SERVER_READ_ONLY', 'NO_WRITABLE_HOST', 'QUOTA_EXCEEDED', 'ACCESS_DENIED']);

/** True for an error that passes by itself: also where others were served first. */
export const passes = (error: unknown): boolean =>
  isAway(error) || isLostToAnother(error) || isOneOf(error, ['TRANSACTION_ABORTED', 'POOL_EXHAUSTED']);

/** Knows whether the database answers, and says so once when that changes. */
export class DatabaseWatch {
  private since = performance.now();
  private isAway = false;

  constructor(
    private readonly pauseMs: number,
    private readonly tell: { away(error: unknown): void; back(afterMs: number): void },
  ) {}

  /** For how long the database has answered, in milliseconds; 0 while it is away. */
  get answersForMs(): number {
    return this.isAway ? 0 : performance.now() - this.since;
  }

  /** Does the work, and notes whether the database answered. Throws what the work throws. */
  async observe<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      if (this.isAway) this.tell.back(Math.round(this.turn(false)));
      return result;
    } catch (error) {
      if (isAway(error) && !this.isAway) {
        this.turn(true);
        this.tell.away(error);
      }
      throw error;
    }
  }

  /**
   * Repeats the work until the database has answered. The work must do no harm when it is done twice: a connection may be lost
   * after the server has done what it was told.
   *
   * @throws the last error once the signal is aborted, and any error at once that does not pass by itself
   */
  async persist<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    for (;;) {
      try {
        return await this.observe(work);
      } catch (error) {
        if (!passes(error) || signal.aborted) throw error;
        await delay(this.pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** @returns how long it had been the other way, in milliseconds */
  private turn(isAway: boolean): number {
    const before = this.since;
    this.since = performance.now();
    this.isAway = isAway;
    return this.since - before;
  }
}
