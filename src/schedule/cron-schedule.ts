import { readProperties, type Reader } from '../arguments';

/** A schedule as `replication_schedules` holds it. */
export interface CronSchedule {
  /**
   * Five fields (minute, hour, day of month, month, weekday), six with the seconds first, or one of `@hourly`, `@daily`,
   * `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`. At most 100 characters.
   */
  readonly cron_expression: string;
  /** The IANA time zone whose clock the expression speaks of. Null: UTC. */
  readonly timezone: string | null;
}

/** A schedule, whatever its properties hold: what is wrong with them is for {@link scheduleFaults} to say. */
export const aSchedule: Reader<CronSchedule> = (value, field, faults) =>
  readProperties(
    value,
    field,
    ['cron_expression', 'timezone'],
    faults,
    null,
  ) as CronSchedule | null as CronSchedule;

/** One thing that is wrong with a schedule. */
export interface ScheduleFault {
  readonly field: keyof CronSchedule;
  /** The fault, a sentence that begins with the field's name. */
  readonly message: string;
}

/** A fault with its way out, as the error tells it. */
export interface RemediedFault extends ScheduleFault {
  readonly remedy: string;
}
