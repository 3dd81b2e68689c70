import { isOwnRun } from '../driver/own-marks';
import type { FlowRow } from '../entities';
import { readSchedules, type ScheduleRow } from '../repositories/due/schedules';
import type { Session } from '../repositories/session';
import { marks, ifMigrated, withIndex } from '../repositories/statements';
import { isWanted, nextRun, nextRuns, nextTime, type NoRunReason } from '../schedule';
import { BoundedCache } from '../schedule/bounded-cache';
import { skipTotalsTable } from '../statistics/meaning';

type FlowColumn =
  | 'id'
  | 'name'
  | 'flow_type'
  | 'enabled'
  | 'last_execution_status'
  | `${'total' | 'successful' | 'failed'}_executions`;

/** The metrics of one flow. */
export interface FlowMetrics extends Readonly<Pick<FlowRow, FlowColumn>> {
  /** When its newest successful run ended; null: no run succeeded. */
  readonly lastSuccess: Date | null;
  /** The longest time between two of its next 33 runs, in seconds; null: it has no next runs. */
  readonly expectedIntervalSeconds: number | null;
  /** The time of a due run that no scheduler has run or skipped; null: none is due. */
  readonly overdueSince: Date | null;
  /** Why its schedule gives no times although it should; null: it gives times, is disabled, or is chained. */
  readonly scheduleFault: NoRunReason | null;
  /** How many of its due runs were skipped or missed, by reason. */
  readonly skips: Readonly<Record<string, number>>;
}

/** The totals of all flows. Instants are by the server's clock. */
export interface AllFlowsMetrics {
  /** When the totals were read. */
  readonly at: Date;
  readonly enabledFlows: number;
  readonly disabledFlows: number;
  /** Enabled flows with a due run that no scheduler has run or skipped. */
  readonly dueFlows: number;
  /** Enabled flows with a schedule and without a next time: no scheduler computes it, or the schedule gives none. */
  readonly unplannedFlows: number;
  readonly queuedRuns: number;
  /** When the oldest queued run was queued; null: none waits. */
  readonly oldestQueued: Date | null;
  readonly runningRuns: number;
  /** Of the package's runs under way, the oldest last sign of life (or the start); null: none runs. */
  readonly oldestHeartbeat: Date | null;
}

/** Counts flows and runs that are not over, each in an index. Ignores heartbeats before the start or a day ahead, as reaping does. */
export async function readAllFlows(session: Session): Promise<AllFlowsMetrics> {
  const flows = (condition: string): string => `(SELECT COUNT(*) FROM protection_flows WHERE ${condition})`;
  const runs = (value: string, status: string): string =>
    `(SELECT ${value} FROM protection_flow_executions e WHERE e.status = '${status}')`;
  const heartbeat =
    "STR_TO_DATE(JSON_UNQUOTE(JSON_EXTRACT(e.execution_metadata, '$.heartbeat_at')), '%Y-%m-%dT%H:%i:%sZ')";
  const sign = `IF(${heartbeat} BETWEEN e.started_at AND CURRENT_TIMESTAMP + INTERVAL 1 DAY, ${heartbeat}, e.started_at)`;
  const [row] = await session.select<AllFlowsMetrics>(
    `SELECT CURRENT_TIMESTAMP AS at, ${flows('enabled = 1')} AS enabledFlows, ${flows('enabled = 0')} AS disabledFlows,
            ${flows('enabled = 1 AND next_execution_time <= CURRENT_TIMESTAMP')} AS dueFlows,
            ${flows('enabled = 1 AND next_execution_time IS NULL AND schedule_id IS NOT NULL')} AS unplannedFlows,
            ${runs('COUNT(*)', 'pending')} AS queuedRuns, ${runs('MIN(e.created_at)', 'pending')} AS oldestQueued,
            ${runs('COUNT(*)', 'running')} AS runningRuns,
            ${runs(`MIN(IF(${isOwnRun('e')}, ${sign}, NULL))`, 'running')} AS oldestHeartbeat`,
  );
  // The driver returns counts as strings
  const numbers = Object.entries(row!).map(([name, one]: [string, unknown]) => [
    name,
    typeof one === 'string' ? Number(one) : one,
  ]);
  return Object.fromEntries(numbers) as AllFlowsMetrics;
}

type Row = Pick<FlowRow, FlowColumn | 'schedule_id' | 'next_execution_time'> &
  Pick<FlowMetrics, 'lastSuccess'> & { readonly touched_at: Date };

/**
 * Reads the flows with these ids, or the first flows. The newest success is one entry of the index, however long the history
 * is. The subquery's ORDER BY names flow_id and status too, which are constant there: without them MySQL sorts.
 */
function selectFlows(session: Session, ids: readonly string[] | undefined, limit: number): Promise<Row[]> {
  return withIndex(
    session,
    'idx_executions_flow_status_created',
    (hint) =>
      `SELECT f.id, f.name, f.flow_type, f.enabled, f.last_execution_status, f.total_executions, f.successful_executions,
              f.failed_executions, f.schedule_id, f.next_execution_time,
              GREATEST(f.updated_at, COALESCE(f.last_execution_time, f.updated_at)) AS touched_at,
              COALESCE(IF(f.last_execution_status = 'success', f.last_execution_time, NULL),
                (SELECT COALESCE(e.completed_at, e.created_at) FROM protection_flow_executions e ${hint}
                  WHERE e.flow_id = f.id AND e.status = 'success'
                  ORDER BY e.flow_id DESC, e.status DESC, e.created_at DESC, e.id DESC LIMIT 1)) AS lastSuccess
         FROM protection_flows f ${ids === undefined ? '' : `WHERE f.id IN (${marks(ids)})`} ORDER BY f.id LIMIT ?`,
    [...(ids ?? []), limit],
  );
}

const hourMs = 3_600_000;
/** Kept for an hour each: computing 33 runs takes as long as a query. */
const intervals = new BoundedCache<number | null>(10_000);

function intervalOf({ cron_expression, timezone }: ScheduleRow, now: Date): number | null {
  const hour = Math.floor(now.getTime() / hourMs);
  return intervals.get(JSON.stringify([cron_expression, timezone, hour]), () => {
    const runs = nextRuns({ cron_expression, timezone }, new Date(hour * hourMs), 33);
    const distances = runs.slice(1).map((run, at) => run.getTime() - runs[at]!.getTime());
    return distances.length === 0 ? null : Math.max(...distances) / 1_000;
  });
}

function expected(
  { schedule_id, next_execution_time, touched_at }: Row,
  schedule: ScheduleRow | undefined,
  now: Date,
) {
  const time = nextTime(schedule, now);
  const gives = time.next === null ? undefined : schedule;
  // Without a next time, the first run after the flow's last change is due
  const due = next_execution_time ?? (gives === undefined ? null : nextRun(gives, touched_at));
  const isFaultless = schedule_id === null || time.next !== null || isWanted(time.reason);
  return {
    expectedIntervalSeconds: gives === undefined ? null : intervalOf(gives, now),
    overdueSince: due !== null && due <= now ? due : null,
    scheduleFault: isFaultless ? null : time.reason,
  };
}

type Skips = Record<string, number>;

/** Counts each flow's skipped and missed runs by reason; without the migration that makes their table there are none. */
async function readSkips(session: Session, ids: readonly string[]): Promise<Map<string, Skips>> {
  const skips = new Map(ids.map((id): [string, Skips] => [id, {}]));
  const read = session.select<{ flow_id: string; reason: string; runs: number | string }>(
    `SELECT f.id AS flow_id, s.reason, s.runs FROM protection_flows f JOIN ${skipTotalsTable} s ON s.flow_id = f.id
      WHERE f.id IN (${marks(ids)})`,
    ids,
  );
  await ifMigrated(
    read.then((rows) => rows.forEach((row) => (skips.get(row.flow_id)![row.reason] = Number(row.runs)))),
  );
  return skips;
}

const nothing = { expectedIntervalSeconds: null, overdueSince: null, scheduleFault: null };

/** Reads the metrics of flows, in the order of their ids. */
export async function readFlows(
  session: Session,
  ids: readonly string[] | undefined,
  limit: number,
  now: Date,
): Promise<FlowMetrics[]> {
  const rows = ids?.length === 0 ? [] : await selectFlows(session, ids, limit);
  if (rows.length === 0) return [];
  const skips = await readSkips(
    session,
    rows.map(({ id }) => id),
  );
  const schedules = await readSchedules(session, rows);
  return rows.map((row) => {
    const { schedule_id, next_execution_time: _next, touched_at: _touched, ...flow } = row;
    const enabled = Boolean(row.enabled);
    return {
      ...flow,
      enabled,
      skips: skips.get(row.id)!,
      ...(enabled ? expected(row, schedules.get(schedule_id), now) : nothing),
    };
  });
}
