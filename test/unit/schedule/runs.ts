import { isProtectionFlowsError, type ProtectionFlowsError } from '../../../src/errors';
import { nextRuns, type CronSchedule } from '../../../src/schedule';

/** The next runs as texts: `2026-03-29T01:00:00Z`, with a fraction of a second only where there is one. */
export function runs(
  cron_expression: string,
  timezone: string | null,
  after: string,
  count: number,
): string[] {
  return nextRuns({ cron_expression, timezone }, new Date(after), count).map((run) =>
    run.toISOString().replace('.000Z', 'Z'),
  );
}

/** A schedule as JavaScript, raw rows or a web form could hand it over. */
export function schedule(cron_expression: unknown, timezone: unknown = null): CronSchedule {
  return { cron_expression, timezone } as CronSchedule;
}

/** The error of this package that the function throws. */
export function refusal(call: () => unknown): ProtectionFlowsError {
  try {
    call();
  } catch (error) {
    if (isProtectionFlowsError(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
