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

/** The names of three letters that the IANA database has. */
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

function reason(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'must be the name of a time zone, or null for UTC';
  const quoted = JSON.stringify(name);
  if (name.trim() === '') return 'must not be blank: null stands for UTC';
  if (name.toLowerCase() === 'local') return `must not be ${quoted}: it is another zone on each machine`;
  if (/^[+-]/.test(name)) return `must be a name, not an offset as ${quoted}, which knows no summer time`;
  if (/^[a-z]{3}$/i.test(name) && !ianaAbbreviations.has(name.toUpperCase()))
    return `must not be the abbreviation ${quoted}, which several zones share`;
  return isKnown(name) ? undefined : `has the unknown name ${quoted}`;
}

/**
 * What is wrong with a schedule's time zone; nothing with null and with an IANA name. Never throws.
 *
 * Stricter than Node in two things. Node takes ICU's old abbreviations, so that BST would be Bangladesh's time. And from
 * version 22 on it takes offsets, which 20 and Go refuse.
 */
function zoneFaults(timezone: unknown): RemediedFault[] {
  const fault = timezone === null ? undefined : reason(timezone);
  return fault === undefined ? [] : [{ field: 'timezone', message: `timezone ${fault}`, remedy }];
}

const readSchedule = declareArguments('scheduleFaults', { schedule: aSchedule });

const publicFault = ({ field, message }: RemediedFault): ScheduleFault => ({ field, message });

/**
 * Every fault of a schedule, those of the expression first, one for each wrong field in it; an empty list for a right one.
 * Never throws for what the two properties hold.
 *
 * An expression of a day that no year has (`0 0 31 2 *`) is right: it never runs.
 *
 * @throws VALIDATION_FAILED for what is no object
 */
export function scheduleFaults(schedule: CronSchedule): ScheduleFault[] {
  const { cron_expression, timezone } = readSchedule({ schedule }).schedule;
  return [...readExpression(cron_expression).faults, ...zoneFaults(timezone)].map(publicFault);
}

/** Details are JSON; anything else may be in a property of the caller's. */
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * The expression of a schedule, where nothing is wrong with the schedule.
 *
 * @throws SCHEDULE_INVALID, with all faults. `details` is `{ cron_expression, timezone, field, faults }`; `field` is that of
 *   the first fault, `faults` what {@link scheduleFaults} gives
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
