import { Cron, CronPattern } from 'croner';
import { BoundedCache } from './bounded-cache';
import type { CronSchedule } from './cron-schedule';
import { readExpression } from './expression';
import { assertValidSchedule } from './faults';
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
  private readonly keepsReadings: boolean;

  private constructor({ cron_expression, timezone }: CronSchedule) {
    const { fields } = readExpression(cron_expression);
    const zone = timezone ?? 'UTC';
    this.clock = ZoneClock.of(zone);
    this.keepsReadings = this.clock.isUtc || !namesEveryHour(fields);
    // The years keep croner from looking up to the year 3000 for a 31st of February
    this.cron = new Cron(`${fields.join(' ')} 1969-2038`, {
      mode: '7-part',
      sloppyRanges: true,
      domAndDow: false,
      ...(this.keepsReadings ? { utcOffset: 0 } : { timezone: zone }),
    });
  }

  /** @throws SCHEDULE_INVALID */
  static of(schedule: CronSchedule): Timetable {
    return timetables.get(JSON.stringify([schedule.cron_expression, schedule.timezone]), () => {
      assertValidSchedule(schedule);
      return new Timetable(schedule);
    });
  }

  /** The first run after this instant, which may have a fraction of a second; null where there is none. */
  next(after: number): number | null {
    const from = Math.max(Math.floor(after / 1000) * 1000, first - 1000);
    if (from >= last) return null;
    const run = this.keepsReadings ? this.nextByReading(from) : this.nextByRealTime(from);
    return run === null || run > last ? null : run;
  }

  private nextByReading(instant: number): number | null {
    const reading = this.cron.nextRun(new Date(this.clock.latestReading(instant)));
    return reading && this.clock.firstAt(reading.getTime());
  }

  /** Croner's own rule for what it calls interval jobs: no reading is made up for, and one that occurs twice runs twice. */
  private nextByRealTime(instant: number): number | null {
    return this.cron.nextRun(new Date(instant))?.getTime() ?? null;
  }
}

function namesEveryHour([, , hour]: readonly string[]): boolean {
  return new CronPattern(`* * ${hour} * * *`, undefined, { sloppyRanges: true }).hour.every(Boolean);
}
