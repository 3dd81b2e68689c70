import { declareArguments } from '../arguments';
import { ProtectionFlowsError } from '../errors';
import { aSchedule, type CronSchedule, type RemediedFault, type ScheduleFault } from './cron-schedule';
import { readExpression, type Expression } from './expression';
import { zoneFault } from './zone-name';

function allFaults(expression: Expression, timezone: unknown): RemediedFault[] {
  const ofZone = zoneFault(timezone);
  return [...expression.faults, ...(ofZone ? [ofZone] : [])];
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
  return allFaults(readExpression(cron_expression), timezone).map(publicFault);
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
  const faults = allFaults(expression, timezone);
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
