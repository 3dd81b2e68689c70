import type { Session } from '../session';
import { isWanted, nextTime, type NoRunReason } from '../../schedule';
import { type ScheduleRow, readSchedules } from './schedules';
import { withIndex, marks, grouped, idsOf } from '../statements';
import { keepTimetablesWhere, keepAllTimetables } from './timetables';
import type { DataSource } from 'typeorm';

/**
 * Returns when a chained schedule fires: `chain_delay_minutes` after the last scheduled run of its parent's flows ended,
 * with any status. Null while a flow of the parent has a run under way or is due.
 */
async function chainedTime(session: Session, schedule: ScheduleRow, now: Date) {
  const parent = schedule.chain_parent_schedule_id ?? null;
  if (parent === null) return null;
  const scheduled = (column: string): string => `MAX(IF(e.execution_type = 'scheduled', e.${column}, NULL))`;
  type ParentRow = { busy: number | string | null; began: Date | null; completed: Date | null };
  const [row] = await session.select<ParentRow>(
    `SELECT SUM(f.enabled = 1 AND (f.last_execution_status = 'running' OR COALESCE(f.next_execution_time <= ?, 0))) AS busy,
            ${scheduled('started_at')} AS began, ${scheduled('completed_at')} AS completed
       FROM protection_flows f LEFT JOIN protection_flow_executions e ON e.id = f.last_execution_id
      WHERE f.schedule_id = ?`,
    [now, parent],
  );
  if (!row?.began || !row.completed || Number(row.busy) > 0) return null;
  const delayMs = (schedule.chain_delay_minutes ?? 0) * 60_000;
  // Flows that ran after the parent's last scheduled run began have already run for it
  return { next: new Date(row.completed.getTime() + delayMs), parentBegan: row.began };
}

/** A schedule from which no next time can be computed, and why. Disabled and chained schedules are no problem. */
export interface ScheduleProblem {
  readonly scheduleId: string;
  readonly reason: NoRunReason;
  readonly message: string;
  /** Those of its flows that were to be planned. */
  readonly flowIds: readonly string[];
}

/** The result of planning. */
export interface PlanResult {
  /** How many flows got a next_execution_time. */
  readonly planned: number;
  readonly problems: readonly ScheduleProblem[];
}

type UnplannedFlow = { readonly id: string; readonly schedule_id: string };

/** Sets the next time of flows that still have none and that still have this schedule. */
async function setTime(
  session: Session,
  scheduleId: string,
  ids: readonly string[],
  next: Date,
  newerThan: Date | null,
): Promise<number> {
  // A chained flow waits for a run of its parent that is newer than its own last run
  const waits = newerThan === null ? '' : 'AND COALESCE(last_execution_time, created_at) < ?';
  return session.write(
    `UPDATE protection_flows SET next_execution_time = ?
      WHERE id IN (${marks(ids)}) AND schedule_id = ? AND enabled = 1 AND next_execution_time IS NULL ${waits}`,
    [next, ...ids, scheduleId, ...(newerThan === null ? [] : [newerThan])],
  );
}

async function planSchedule(
  session: Session,
  scheduleId: string,
  schedule: ScheduleRow | undefined,
  ids: readonly string[],
  now: Date,
): Promise<PlanResult> {
  const time = nextTime(schedule, now);
  if (time.next !== null) {
    await keepTimetablesWhere(session, `id IN (${marks(ids)})`, ids, now, 'skip');
    return { planned: await setTime(session, scheduleId, ids, time.next, null), problems: [] };
  }
  const chained =
    time.reason === 'chained' && schedule !== undefined ? await chainedTime(session, schedule, now) : null;
  if (chained !== null) {
    const planned = await setTime(session, scheduleId, ids, chained.next, chained.parentBegan);
    return { planned, problems: [] };
  }
  if (isWanted(time.reason)) return { planned: 0, problems: [] };
  const { reason, message } = time;
  return { planned: 0, problems: [{ scheduleId, reason, message, flowIds: ids }] };
}

const combine = (results: readonly PlanResult[]): PlanResult => ({
  planned: results.reduce((sum, { planned }) => sum + planned, 0),
  problems: results.flatMap(({ problems }) => problems),
});

/** Sets the next time of flows, one statement per schedule: all flows of a schedule have the same next time. */
async function planFlows(session: Session, flows: readonly UnplannedFlow[], now: Date): Promise<PlanResult> {
  const schedules = await readSchedules(session, flows);
  const scheduleIn = ({ schedule_id }: UnplannedFlow) => schedules.get(schedule_id);
  const bySchedule = grouped(flows, (flow) => scheduleIn(flow)?.id ?? flow.schedule_id);
  const results: PlanResult[] = [];
  for (const [scheduleId, ofSchedule] of bySchedule) {
    const schedule = scheduleIn(ofSchedule[0]!);
    results.push(await planSchedule(session, scheduleId, schedule, idsOf(ofSchedule), now));
  }
  return combine(results);
}

/** Selects enabled flows that have a schedule and no next time. */
const selectUnplanned = (
  session: Session,
  condition: string,
  parameters: readonly unknown[],
  index: string | null,
) =>
  withIndex<UnplannedFlow & { now: Date }>(
    session,
    index,
    (hint) =>
      `SELECT id, schedule_id, CURRENT_TIMESTAMP AS now FROM protection_flows ${hint}
        WHERE schedule_id IS NOT NULL AND enabled = 1 AND next_execution_time IS NULL AND ${condition}`,
    parameters,
  );

/** Plans those of the given flows that have a schedule and no next time. */
export async function planByIds(session: Session, ids: readonly string[]): Promise<void> {
  const flows = await selectUnplanned(session, `id IN (${marks(ids)})`, ids, null);
  if (flows.length > 0) await planFlows(session, flows, flows[0]!.now);
}

const plannedAtOnce = 500;

/** Plans all enabled flows that have a schedule and no next time. @param now null: the server's time */
export async function planAll(session: Session, now: Date | null): Promise<PlanResult> {
  const results: PlanResult[] = [];
  for (let after = ''; ;) {
    const flows = await selectUnplanned(
      session,
      'id > ? ORDER BY id LIMIT ?',
      [after, plannedAtOnce],
      'idx_flows_due',
    );
    const last = flows.at(-1);
    if (last === undefined) return combine(results);
    results.push(await planFlows(session, flows, now ?? last.now));
    after = last.id;
  }
}

/** The earliest and latest next time of a schedule's flows: of the enabled ones that are not due yet, or of the disabled. */
interface Times {
  readonly enabled: number | boolean;
  /** Null: flows without a schedule. */
  readonly schedule_id: string | null;
  readonly earliest: Date;
  readonly latest: Date;
  readonly now: Date;
}

/** Reads one row per schedule from the index of due flows. Normally, all flows of a schedule have the same time. */
function selectTimes(session: Session, now: Date | null): Promise<Times[]> {
  return withIndex(
    session,
    'idx_flows_due',
    (hint) =>
      `SELECT enabled, schedule_id, MIN(next_execution_time) AS earliest, MAX(next_execution_time) AS latest,
              CURRENT_TIMESTAMP AS now
         FROM protection_flows ${hint}
        WHERE (enabled = 0 AND next_execution_time IS NOT NULL)
           OR (enabled = 1 AND next_execution_time > ${now === null ? 'CURRENT_TIMESTAMP' : '?'})
        GROUP BY enabled, schedule_id`,
    now === null ? [] : [now],
  );
}

/** How often a poll also checks the times of all flows: that takes 12 ms for 2,000 flows, and a look for due ones 1 ms. */
const checkEveryMs = 30_000;
const checkedAt = new WeakMap<DataSource, number>();

/** Returns true once in 30 seconds for each DataSource. */
export function isTimeToCheck({ manager: { connection } }: Session): boolean {
  const now = performance.now();
  if (now - (checkedAt.get(connection) ?? -Infinity) < checkEveryMs) return false;
  checkedAt.set(connection, now);
  return true;
}

/**
 * Clears next times that are wrong because another program changed something: it disabled a flow, changed or removed the
 * flow's schedule, or changed a schedule's expression, time zone or state. Flows that are due stay due, and right times are
 * not written. A chained schedule's times stay, because they depend on runs and not on the clock.
 *
 * First stores the timetables from which times are computed from now on, for audits.
 *
 * @param given null: the server's time
 * @returns the instant from which to compute the cleared times again; null: the server's time
 */
export async function clearUnfitTimes(session: Session, given: Date | null): Promise<Date | null> {
  const at = await keepAllTimetables(session, given);
  const times = await selectTimes(session, at);
  if (times.some(({ enabled }) => !enabled))
    await session.write(
      'UPDATE protection_flows SET next_execution_time = NULL WHERE enabled = 0 AND next_execution_time IS NOT NULL',
    );
  const ahead = times.filter(({ enabled }) => enabled);
  const schedules = await readSchedules(session, ahead);
  for (const { schedule_id, earliest, latest, now } of ahead) {
    const after = at ?? now;
    const right = nextTime(schedules.get(schedule_id), after);
    if (right.next === null && right.reason === 'chained') continue;
    const fits = (time: Date): boolean => time.getTime() === right.next?.getTime();
    if (fits(earliest) && fits(latest)) continue;
    // If the right time has come meanwhile, another scheduler may have run it and set the time after it: that one is right
    const isAhead = given === null && right.next !== null;
    await session.write(
      `UPDATE protection_flows SET next_execution_time = NULL
        WHERE schedule_id <=> ? AND enabled = 1 AND next_execution_time > ? AND NOT (next_execution_time <=> ?)
              ${isAhead ? 'AND ? > CURRENT_TIMESTAMP' : ''}`,
      [schedule_id, after, right.next, ...(isAhead ? [right.next] : [])],
    );
  }
  return at;
}
