import { Cron } from 'croner';
import { BoundedCache } from './bounded-cache';
import { type CronSchedule, type Expression, aSchedule } from './expression';
import { validExpression } from './faults';
import { ZoneClock } from './zone-clock';
import { count, date, declareArguments } from '../arguments';
import { isProtectionFlowsError } from '../errors';

/** The first and the last instant that a TIMESTAMP column can hold, in milliseconds. */
const first = Date.UTC(1970, 0, 1, 0, 0, 1);
const last = Date.UTC(2038, 0, 19, 3, 14, 7);

/** Few, because croner keeps some 80 kB per expression. */
const timetables = new BoundedCache<Timetable>(64);

/** Computes the runs of one schedule by the rules of {@link nextRun}. */
class Timetable {
  private readonly cron: Cron;
  private readonly clock: ZoneClock;
  /** True if each reading of the clock runs once; otherwise runs follow real time. */
  private readonly byReading: boolean;

  private constructor({ fields, everyHour }: Expression, zone: string) {
    this.clock = ZoneClock.of(zone);
    this.byReading = this.clock.isUtc || !everyHour;
    // Without the years, croner would search up to the year 3000 for a 31st of February
    this.cron = new Cron(`${fields.join(' ')} 1969-2038`, {
      mode: '7-part',
      domAndDow: false,
      ...(this.byReading ? { utcOffset: 0 } : { timezone: zone }),
    });
  }

  /** @throws SCHEDULE_INVALID */
  static of(schedule: CronSchedule): Timetable {
    const { cron_expression, timezone } = schedule;
    // Before JSON.stringify makes the cache's key: the caller's properties may hold what JSON can't write
    if (typeof cron_expression !== 'string' || (timezone !== null && typeof timezone !== 'string'))
      validExpression(schedule);
    return timetables.get(
      JSON.stringify([cron_expression, timezone]),
      () => new Timetable(validExpression(schedule), timezone ?? 'UTC'),
    );
  }

  /** Returns the first run after this instant, or null. The instant may have a fraction of a second. */
  next(after: number): number | null {
    const from = Math.max(Math.floor(after / 1000) * 1000, first - 1000);
    if (from >= last) return null;
    const run = this.byReading ? this.nextByReading(from) : this.nextByRealTime(from);
    return run === null || run > last ? null : run;
  }

  /** Croner computes in UTC, which has no clock changes. {@link ZoneClock} alone handles the zone's changes. */
  private nextByReading(instant: number): number | null {
    const reading = this.cron.nextRun(new Date(this.clock.latestReading(instant)));
    return reading && this.clock.firstAt(reading.getTime());
  }

  /** Croner handles the clock changes: skipped times do not run, and times that occur twice run twice. */
  private nextByRealTime(instant: number): number | null {
    return this.cron.nextRun(new Date(instant))?.getTime() ?? null;
  }
}

const readNext = declareArguments('nextRun', { schedule: aSchedule, after: date });
const readRuns = declareArguments('nextRuns', {
  schedule: aSchedule,
  after: date,
  count: count({ min: 0, max: 10_000 }),
});

/**
 * Returns the first instant strictly after `after` at which the schedule runs. It is a whole second, and does not depend
 * on the process's own time zone. Null if no such day exists (`0 0 31 2 *`), or if the run is later than
 * 2038-01-19T03:14:07Z, the last instant of a TIMESTAMP. An `after` before 1970 counts as 1970.
 *
 * If day of month and weekday are both restricted, a day needs to match only one of them, as in POSIX cron and
 * robfig/cron. With `+` before the weekday it must match both.
 *
 * When the zone's clock changes, the hour field decides, in any spelling.
 * - It selects some hours (`30 2 * * *`, `0 0-6/2 * * *`): each time of the clock runs once. A time that occurs twice
 *   runs the first time. All times in a gap run once together, right after the gap, even if that is the next day's
 *   midnight. So a daily schedule runs once each day.
 * - It selects all 24 hours (`0 * * * *`, `0,30 * * * *`): runs follow real time. Times in a gap do not run, and times
 *   that occur twice run twice. So the interval between runs stays the same if it divides the change.
 *
 * Vixie cron treats its fixed and wildcard jobs in this way (cron(8)). But a minute field that begins with `*` makes a
 * wildcard job there too: a job for every quarter of hour 2 would not run at all in the gap. robfig/cron skips nightly
 * runs in the gap, and runs them twice when the clock is set back.
 *
 * @throws SCHEDULE_INVALID, naming every wrong field; details `{ cron_expression, timezone, field, faults }`
 * @throws VALIDATION_FAILED if `after` is not a valid Date, or the schedule is not an object
 */
export function nextRun(schedule: CronSchedule, after: Date): Date | null {
  const given = readNext({ schedule, after });
  const run = Timetable.of(given.schedule).next(given.after.getTime());
  return run === null ? null : new Date(run);
}

/**
 * Returns the next `count` runs in order, by the rules of {@link nextRun}; fewer if the schedule has no more runs.
 *
 * @throws SCHEDULE_INVALID, naming every wrong field
 * @throws VALIDATION_FAILED if `after` is not a valid Date, `count` is not a whole number from 0 to 10,000, or the
 * schedule is not an object
 */
export function nextRuns(schedule: CronSchedule, after: Date, count: number): Date[] {
  const given = readRuns({ schedule, after, count });
  const timetable = Timetable.of(given.schedule);
  const runs: Date[] = [];
  let run = timetable.next(given.after.getTime());
  for (; run !== null && runs.length < given.count; run = timetable.next(run)) runs.push(new Date(run));
  return runs;
}

/** Yields the runs after `after`, up to and including `until`, computing each on demand. @throws SCHEDULE_INVALID */
export function* runsBetween(schedule: CronSchedule, after: Date, until: Date): Generator<Date> {
  const timetable = Timetable.of(schedule);
  for (let run = timetable.next(after.getTime()); run !== null && run <= until.getTime();) {
    yield new Date(run);
    run = timetable.next(run);
  }
}

/** The columns of a platform's schedule from which the next time of its flows is computed. */
export interface StoredSchedule {
  readonly cron_expression: string;
  readonly schedule_type: string;
  readonly timezone: string | null;
  /** The platform's column allows null, and its default is enabled: null means enabled. */
  readonly enabled: number | boolean | null;
}

/** Why a schedule gives no time. */
export type NoRunReason = 'no-schedule' | 'schedule-disabled' | 'schedule-invalid' | 'chained' | 'never';

/** True if the reason is not a fault: the schedule is disabled, or waits for the one before it in its chain. */
export const isWanted = (reason: NoRunReason): boolean =>
  reason === 'schedule-disabled' || reason === 'chained';

const messages: Readonly<Record<NoRunReason, string>> = {
  'no-schedule': 'the schedule does not exist',
  'schedule-disabled': 'the schedule is disabled',
  'schedule-invalid': 'the schedule is not valid',
  chained: 'the schedule before it in the chain has not run',
  never: 'the schedule never fires again',
};

/** The next time at which a schedule fires, or the reason why there is none, and a message. */
export type NextTime =
  { readonly next: Date } | { readonly next: null; readonly reason: NoRunReason; readonly message: string };

/** Expression and time zone → a time at which it fires. It is the next one for every instant from `since` to `next`. */
const known = new Map<string, { readonly since: number; readonly next: number }>();
const mostKnown = 10_000;

/** Remembers the next run until its time has come: computing it takes as long as a query. */
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

const none = (reason: NoRunReason, message = messages[reason]): NextTime => ({ next: null, reason, message });

/** Returns the schedule's next time after an instant. Never throws for a wrong expression: that is a reason. */
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
