import { that, type Reader } from '../../arguments';
import { nextRun, scheduleFaults } from '../../schedule';
import type { Session } from '../session';

/** Numbers for the head of the web page. */
export interface FlowSummary {
  readonly totalFlows: number;
  readonly enabledFlows: number;
  readonly disabledFlows: number;
  readonly backupFlows: number;
  readonly replicationFlows: number;
  /** Runs that began today, those under way among them. */
  readonly totalExecutionsToday: number;
  readonly successfulExecutionsToday: number;
  readonly failedExecutionsToday: number;
}

type Counted<Names extends string> = Readonly<Record<Names, number | string>>;

const dayMs = 86_400_000;

const midnights = (timezone: string) => ({ cron_expression: '0 0 * * *', timezone });

/** The name of a time zone, as the schedules have them. */
export const timeZone: Reader<string> = that(
  'isTimeZone',
  (value) => typeof value === 'string' && scheduleFaults(midnights(value)).length === 0,
  'must be the name of a time zone such as Europe/Berlin',
);

/** The latest midnight in a time zone; days of 23 and 25 hours included. */
function midnight(zone: string, now: Date): Date {
  const schedule = midnights(zone);
  let latest = new Date(now.getTime() - 2 * dayMs);
  for (;;) {
    const next = nextRun(schedule, latest);
    if (next === null || next > now) return latest;
    latest = next;
  }
}

/** Counts flows and today's runs: four counts, each from an index. */
export async function readSummary(session: Session, zone: string, at: Date | null): Promise<FlowSummary> {
  const count = (column: string): string => `(SELECT COUNT(*) FROM protection_flows WHERE ${column} = ?)`;
  type Counts = Counted<'enabled' | 'disabled' | 'backup' | 'replication'> & { readonly now: Date };
  const [flows] = await session.select<Counts>(
    `SELECT ${count('enabled')} AS enabled, ${count('enabled')} AS disabled,
            ${count('flow_type')} AS backup, ${count('flow_type')} AS replication, CURRENT_TIMESTAMP AS now`,
    [true, false, 'backup', 'replication'],
  );
  const since = midnight(zone, at ?? flows!.now);
  const [runs] = await session.select<Counted<'total' | 'successful' | 'failed'>>(
    `SELECT COUNT(*) AS total, COALESCE(SUM(status = 'success'), 0) AS successful,
            COALESCE(SUM(status = 'error'), 0) AS failed
       FROM protection_flow_executions WHERE started_at >= ?`,
    [since],
  );
  const [enabled, disabled] = [Number(flows?.enabled), Number(flows?.disabled)];
  return {
    totalFlows: enabled + disabled,
    enabledFlows: enabled,
    disabledFlows: disabled,
    backupFlows: Number(flows?.backup),
    replicationFlows: Number(flows?.replication),
    totalExecutionsToday: Number(runs?.total),
    successfulExecutionsToday: Number(runs?.successful),
    failedExecutionsToday: Number(runs?.failed),
  };
}
