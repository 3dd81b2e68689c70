import { Cron } from 'croner';
import { BoundedCache } from './bounded-cache';
import { type CronSchedule, type Expression, aSchedule } from './expression';
import { validExpression } from './faults';
import { ZoneClock } from './zone-clock';
import { count, date, declareArguments } from '../arguments';

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
  return runsAfter(given.schedule, given.after, 1)[0] ?? null;
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
  return runsAfter(given.schedule, given.after, given.count);
}

function runsAfter(schedule: CronSchedule, after: Date, count: number): Date[] {
  const timetable = Timetable.of(schedule);
  const runs: Date[] = [];
  for (let last = after; runs.length < count;) {
    const run = timetable.next(last.getTime());
    if (run === null) break;
    last = new Date(run);
    runs.push(last);
  }
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
