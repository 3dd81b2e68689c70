import { ProtectionFlowsError } from '../errors';
import type { CronSchedule, RemediedFault, ScheduleFault } from './cron-schedule';
import { readExpression } from './expression';
import { zoneFault } from './zone-name';

function remediedFaults({ cron_expression, timezone }: CronSchedule): RemediedFault[] {
  const ofZone = zoneFault(timezone);
  return [...readExpression(cron_expression).faults, ...(ofZone ? [ofZone] : [])];
}

/**
 * Every fault of a schedule, those of the expression first, one for each wrong field in it; an empty list for a right one.
 * Never throws, whatever the two properties hold.
 *
 * An expression of a day that no year has (`0 0 31 2 *`) is right: it never runs.
 */
export function scheduleFaults(schedule: CronSchedule): ScheduleFault[] {
  return remediedFaults(schedule).map(({ field, message }) => ({ field, message }));
}

/**
 * @throws SCHEDULE_INVALID, with all faults. `details` is `{ cron_expression, timezone, field, faults }`; `field` is that of
 *   the first fault, `faults` what {@link scheduleFaults} gives
 */
export function assertValidSchedule(schedule: CronSchedule): void {
  const found = remediedFaults(schedule);
  const [worst] = found;
  if (!worst) return;
  const { cron_expression, timezone } = schedule;
  throw new ProtectionFlowsError('SCHEDULE_INVALID', {
    message: `The schedule is not valid: ${found.map(({ message }) => message).join('; ')}`,
    remedy: [...new Set(found.map(({ remedy }) => remedy))].join(' '),
    details: { cron_expression, timezone, field: worst.field, faults: scheduleFaults(schedule) },
  });
}
