import { declareArguments } from '../arguments';
import { ProtectionFlowsError } from '../errors';
import {
  aSchedule,
  readExpression,
  type CronSchedule,
  type Expression,
  type RemediedFault,
  type ScheduleFault,
} from './expression';
import { ZoneClock } from './zone-clock';

/** The zone names of three letters in the IANA database. */
const ianaAbbreviations = new Set('CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '));

const remedy =
  'Set timezone to a name of the IANA time zone database, such as "Europe/Berlin", or to NULL for UTC.';

function isKnown(name: string): boolean {
  try {
    ZoneClock.of(name);
    return true;
  } catch {
    return false;
  }
}

function zoneFault(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'must be the name of a time zone, or null for UTC';
  const quoted = JSON.stringify(name);
  if (name.trim() === '') return 'must not be blank: null stands for UTC';
  if (name.toLowerCase() === 'local') return `must not be ${quoted}: each machine has its own local zone`;
  if (/^[+-]/.test(name)) return `must be a name: the offset ${quoted} has no summer time`;
  if (/^[a-z]{3}$/i.test(name) && !ianaAbbreviations.has(name.toUpperCase()))
    return `must not be the abbreviation ${quoted}: several zones share it`;
  return isKnown(name) ? undefined : `has the unknown name ${quoted}`;
}

/**
 * The faults of a schedule's time zone. Null and IANA names have none. Never throws.
 *
 * Node is less strict in two ways. It accepts ICU's old abbreviations: BST would be Bangladesh's time. And version 22
 * and later accept offsets, but Node 20 and Go refuse them.
 */
function zoneFaults(timezone: unknown): RemediedFault[] {
  const fault = timezone === null ? undefined : zoneFault(timezone);
  return fault === undefined ? [] : [{ field: 'timezone', message: `timezone ${fault}`, remedy }];
}

const readSchedule = declareArguments('scheduleFaults', { schedule: aSchedule });

const publicFault = ({ field, message }: RemediedFault): ScheduleFault => ({ field, message });

/**
 * Returns all faults of a schedule: first those of the expression, one per wrong field, then that of the time zone. The
 * list of a valid schedule is empty. An expression for a day that no year has (`0 0 31 2 *`) is valid: it never runs.
 *
 * @throws VALIDATION_FAILED if `schedule` is not an object; never because of its two values
 */
export function scheduleFaults(schedule: CronSchedule): ScheduleFault[] {
  const { cron_expression, timezone } = readSchedule({ schedule }).schedule;
  return [...readExpression(cron_expression).faults, ...zoneFaults(timezone)].map(publicFault);
}

/** `details` must be JSON, and the caller's property may hold any value. */
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * Returns the expression of a valid schedule.
 *
 * @throws SCHEDULE_INVALID with all faults. `details` is `{ cron_expression, timezone, field, faults }`: `field` is that
 *   of the first fault, `faults` is the result of {@link scheduleFaults}
 */
export function validExpression({ cron_expression, timezone }: CronSchedule): Expression {
  const expression = readExpression(cron_expression);
  const faults = [...expression.faults, ...zoneFaults(timezone)];
  const [first] = faults;
  if (!first) return expression;
  throw new ProtectionFlowsError('SCHEDULE_INVALID', {
    message: `The schedule is not valid: ${faults.map(({ message }) => message).join('; ')}`,
    remedy: [...new Set(faults.map(({ remedy }) => remedy))].join(' '),
    details: {
      cron_expression: textOrNull(cron_expression),
      timezone: textOrNull(timezone),
      field: first.field,
      faults: faults.map(publicFault),
    },
  });
}
