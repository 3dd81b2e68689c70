import { Cron } from 'croner';
import { BoundedCache } from './bounded-cache';
import { type CronSchedule, type Expression, aSchedule } from './expression';
import { validExpression } from './faults';
import { ZoneClock } from './zone-clock';
import { count, date, declareArguments } from '../arguments';
import { isProtectionFlowsError } from '../errors';

/** What a TIMESTAMP column holds, in milliseconds. */
const first = Date.UTC(1970, 0, 1, 0, 0, 1);
const last = Date.UTC(2038, 0, 19, 3, 14, 7);

/** Croner keeps some 80 kB for each expression. */
const timetables = new BoundedCache<Timetable>(64);

/** The runs of one schedule; see {@link nextRun} for the rules. */
class Timetable {
  private readonly cron: Cron;
  private readonly clock: ZoneClock;
  /** Whether each reading of the clock counts once; otherwise runs go on in real time. */
  private readonly byReading: boolean;

  private constructor({ fields, everyHour }: Expression, zone: string) {
    this.clock = ZoneClock.of(zone);
    this.byReading = this.clock.isUtc || !everyHour;
    // The years keep croner from looking up to the year 3000 for a 31st of February
    this.cron = new Cron(`${fields.join(' ')} 1969-2038`, {
      mode: '7-part',
      domAndDow: false,
      ...(this.byReading ? { utcOffset: 0 } : { timezone: zone }),
    });
  }

  /** @throws SCHEDULE_INVALID */
  static of(schedule: CronSchedule): Timetable {
    const { cron_expression, timezone } = schedule;
    // Before it is a name in the cache: a property of the caller's may be what JSON can't write
    if (typeof cron_expression !== 'string' || (timezone !== null && typeof timezone !== 'string'))
      validExpression(schedule);
    return timetables.get(
      JSON.stringify([cron_expression, timezone]),
      () => new Timetable(validExpression(schedule), timezone ?? 'UTC'),
    );
  }

  /** The first run after this instant, which may have a fraction of a second; null where there is none. */
  next(after: number): number | null {
    const from = Math.max(Math.floor(after / 1000) * 1000, first - 1000);
    if (from >= last) return null;
    const run = this.byReading ? this.nextByReading(from) : this.nextByRealTime(from);
    return run === null || run > last ? null : run;
  }

  /** Croner counts on a clock that is never changed, so that the change is left to {@link ZoneClock} alone. */
  private nextByReading(instant: number): number | null {
    const reading = this.cron.nextRun(new Date(this.clock.latestReading(instant)));
    return reading && this.clock.firstAt(reading.getTime());
  }

  /** Croner's own way with a changed clock: what is skipped is left out, and what occurs twice runs twice. */
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
 * The first instant strictly after `after` at which the schedule runs: a whole second, whatever the process's own time
 * zone. Null where there is none: no such day exists (`0 0 31 2 *`), or it lies beyond 2038-01-19T03:14:07Z, the last that a
 * TIMESTAMP holds. An `after` before 1970 counts as 1970.
 *
 * Where day of month and weekday are both restricted, a day that fits one of them is enough, as in POSIX cron and
 * robfig/cron; `+` before the weekday asks for both.
 *
 * When the zone's clock is changed, it matters whether the hour field names all 24 hours, however it is spelled.
 * - It names some (`30 2 * * *`, `0 0-6/2 * * *`): each time of the clock runs once. A time that occurs twice runs the
 *   first time. Times that are skipped run once together, right after the gap, even where that is the next day's
 *   midnight. So a daily schedule runs once for each day.
 * - It names all (`0 * * * *`, `0,30 * * * *`): it goes on in real time. Skipped times are left out, and times that occur
 *   twice run twice, so the distance between runs stays the same where it divides the change.
 *
 * That is what Vixie cron does with its fixed and its wildcard jobs (cron(8)); there, though, a `*` among the minutes makes
 * a wildcard job too, so that every quarter hour of hour 2 would not run at all in the gap. robfig/cron leaves out nightly
 * runs in the gap, and runs them twice where the clock is set back.
 *
 * @throws SCHEDULE_INVALID, naming every wrong field; details `{ cron_expression, timezone, field, faults }`
 * @throws VALIDATION_FAILED where `after` is no valid Date, or the schedule no object
 */
export function nextRun(schedule: CronSchedule, after: Date): Date | null {
  const given = readNext({ schedule, after });
  const run = Timetable.of(given.schedule).next(given.after.getTime());
  return run === null ? null : new Date(run);
}

/**
 * The next runs in their order, up to `count`, which is at most 10,000; fewer where the schedule ends before, see
 * {@link nextRun}.
 *
 * @throws SCHEDULE_INVALID, naming every wrong field
 * @throws VALIDATION_FAILED where `after` is no valid Date, `count` no whole number from 0 to 10,000, or the schedule no
 * object
 */
export function nextRuns(schedule: CronSchedule, after: Date, count: number): Date[] {
  const given = readRuns({ schedule, after, count });
  const timetable = Timetable.of(given.schedule);
  const runs: Date[] = [];
  let run = timetable.next(given.after.getTime());
  for (; run !== null && runs.length < given.count; run = timetable.next(run)) runs.push(new Date(run));
  return runs;
}

/** The runs after an instant, up to another one, each worked out when it is asked for. @throws SCHEDULE_INVALID */
export function* runsBetween(schedule: CronSchedule, after: Date, until: Date): Generator<Date> {
  const timetable = Timetable.of(schedule);
  for (let run = timetable.next(after.getTime()); run !== null && run <= until.getTime();) {
    yield new Date(run);
    run = timetable.next(run);
  }
}

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

const none = (reason: NoRunReason, message = messages[reason]): NextTime => ({ next: null, reason, message });

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
