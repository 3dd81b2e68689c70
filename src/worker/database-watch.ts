import { setTimeout as delay } from 'node:timers/promises';
import { isLostToAnother, isPassing, isProtectionFlowsError, type ErrorCode } from '../errors';

const isOneOf = (error: unknown, codes: readonly ErrorCode[]): boolean =>
  isProtectionFlowsError(error) && codes.includes(error.code);

/** True if the server cannot be reached, a failover is under way, or the account is shut out for a time. All three pass. */
const isAway = (error: unknown): boolean =>
  isPassing(error) ||
  isOneOf(error, ['SERVER_READ_ONLY', 'NO_WRITABLE_HOST', 'QUOTA_EXCEEDED', 'ACCESS_DENIED']);

/** True for an error that passes by itself, also one of contention with other sessions. */
export const passes = (error: unknown): boolean =>
  isAway(error) || isLostToAnother(error) || isOneOf(error, ['TRANSACTION_ABORTED', 'POOL_EXHAUSTED']);

/** Knows whether the database answers, and reports each change once. */
export class DatabaseWatch {
  private since = performance.now();
  private isAway = false;

  constructor(
    private readonly pauseMs: number,
    private readonly report: { away(error: unknown): void; back(afterMs: number): void },
  ) {}

  /** How long the database has answered, in milliseconds; 0 while it cannot be reached. */
  get answersForMs(): number {
    return this.isAway ? 0 : performance.now() - this.since;
  }

  /** Does the work, and notes whether the database answered. Throws the work's error. */
  async observe<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      if (this.isAway) this.report.back(Math.round(this.turn(false)));
      return result;
    } catch (error) {
      if (isAway(error) && !this.isAway) {
        this.turn(true);
        this.report.away(error);
      }
      throw error;
    }
  }

  /**
   * Retries the work until the database has answered. The work must be idempotent: a connection may be lost after the
   * server has carried out the statement.
   *
   * @throws the last error once the signal is aborted; at once, an error that does not pass by itself
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

  /** @returns how long the state before lasted, in milliseconds */
  private turn(isAway: boolean): number {
    const before = this.since;
    this.since = performance.now();
    this.isAway = isAway;
    return this.since - before;
  }
}
