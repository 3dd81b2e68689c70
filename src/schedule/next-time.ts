import { isProtectionFlowsError } from '../errors';
import { nextRun } from './next-run';

/** What the next time of a schedule's flows depends on, as the platform stores it. */
export interface StoredSchedule {
  readonly cron_expression: string;
  readonly schedule_type: string;
  readonly timezone: string | null;
  /** Null, as the platform's column lets in, is its default: enabled. */
  readonly enabled: number | boolean | null;
}

/** Why a schedule gives no time. */
export type NoRunReason = 'no-schedule' | 'schedule-disabled' | 'schedule-invalid' | 'chained' | 'never';

/** True for a reason that is no fault: the schedule is disabled, or waits for the one before it. */
export const isWanted = (reason: NoRunReason): boolean =>
  reason === 'schedule-disabled' || reason === 'chained';

const messages: Readonly<Record<NoRunReason, string>> = {
  'no-schedule': 'the schedule does not exist',
  'schedule-disabled': 'the schedule is disabled',
  'schedule-invalid': 'the schedule is not valid',
  chained: 'the schedule before it in the chain has not run',
  never: 'the schedule never fires again',
};

/** When a schedule fires next, or why it does not, also in words. */
export type NextTime =
  { readonly next: Date } | { readonly next: null; readonly reason: NoRunReason; readonly message: string };

/** An expression in its time zone → a time at which it fires, and since when that is the next one. */
const known = new Map<string, { readonly since: number; readonly next: number }>();
const mostKnown = 10_000;

/** The next run, which is the same until it has come: to work it out anew takes as long as a query. */
function knownNext(schedule: StoredSchedule, after: Date): Date | null {
  const key = JSON.stringify([schedule.cron_expression, schedule.timezone]);
  const found = known.get(key);
  if (found !== undefined && found.since <= after.getTime() && after.getTime() < found.next)
    return new Date(found.next);
  const next = nextRun(schedule, after);
  if (known.size >= mostKnown) known.clear();
  if (next !== null) known.set(key, { since: after.getTime(), next: next.getTime() });
  return next;
}

const none = (reason: NoRunReason, message = messages[reason]): NextTime => ({
  next: null,
  reason,
  message,
});

/** When the schedule fires next after an instant. Never throws: a wrong expression is a reason. */
export function nextTime(schedule: StoredSchedule | undefined, after: Date): NextTime {
  if (schedule === undefined) return none('no-schedule');
  if (schedule.enabled !== null && !schedule.enabled) return none('schedule-disabled');
  if (schedule.schedule_type === 'chain') return none('chained');
  try {
    const next = knownNext(schedule, after);
    return next === null ? none('never') : { next };
  } catch (error) {
    if (!isProtectionFlowsError(error, 'SCHEDULE_INVALID')) throw error;
    return none('schedule-invalid', error.message);
  }
}
