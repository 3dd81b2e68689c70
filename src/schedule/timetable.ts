import { Cron } from 'croner';
import { BoundedCache } from './bounded-cache';
import type { CronSchedule } from './cron-schedule';
import type { Expression } from './expression';
import { validExpression } from './faults';
import { ZoneClock } from './zone-clock';

/** What a TIMESTAMP column holds, in milliseconds. */
const first = Date.UTC(1970, 0, 1, 0, 0, 1);
const last = Date.UTC(2038, 0, 19, 3, 14, 7);

/** Croner keeps some 80 kB for each expression. */
const timetables = new BoundedCache<Timetable>(64);

/** The runs of one schedule; see {@link nextRun} for the rules. */
export class Timetable {
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
