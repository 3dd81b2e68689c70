import type { Session } from '../session';
import { isWanted, nextTime, type NoRunReason } from '../../schedule';
import { type ScheduleRow, readSchedules, scheduleOf } from './schedules';
import { withIndex, marks } from '../statements';
import { keepTimetablesWhere } from './timetables';

/** When a chained schedule fires, and after which run of its parent. */
interface ChainedTime {
  readonly next: Date;
  /** When the parent's latest scheduled run began: flows that ran since have had their turn. */
  readonly parentBegan: Date;
}

interface ParentRow {
  readonly busy: number | string | null;
  readonly began: Date | null;
  readonly completed: Date | null;
}

/**
 * A chained schedule fires `chain_delay_minutes` after the schedule before it has run: when the last scheduled run of
 * the parent's flows is over, however it ended, and none of its flows runs or is due. Null: not yet.
 */
async function chainedTime(session: Session, schedule: ScheduleRow, now: Date): Promise<ChainedTime | null> {
  const parent = schedule.chain_parent_schedule_id ?? null;
  if (parent === null) return null;
  const scheduled = (column: string): string => `MAX(IF(e.execution_type = 'scheduled', e.${column}, NULL))`;
  const [row] = await session.select<ParentRow>(
    `SELECT SUM(f.enabled = 1 AND (f.last_execution_status = 'running' OR COALESCE(f.next_execution_time <= ?, 0))) AS busy,
            ${scheduled('started_at')} AS began, ${scheduled('completed_at')} AS completed
       FROM protection_flows f LEFT JOIN protection_flow_executions e ON e.id = f.last_execution_id
      WHERE f.schedule_id = ?`,
    [now, parent],
  );
  if (!row?.began || !row.completed || Number(row.busy) > 0) return null;
  const delayMs = (schedule.chain_delay_minutes ?? 0) * 60_000;
  return { next: new Date(row.completed.getTime() + delayMs), parentBegan: row.began };
}

/** A schedule that gives its flows no time, and why; what is as it should be (chained, disabled) is not among them. */
export interface ScheduleProblem {
  readonly scheduleId: string;
  readonly reason: NoRunReason;
  readonly message: string;
  /** Of its flows, those that were looked at. */
  readonly flowIds: readonly string[];
}

/** What planning did. */
export interface PlanResult {
  /** How many flows got a next_execution_time. */
  readonly planned: number;
  readonly problems: readonly ScheduleProblem[];
}

/** A flow that has a schedule and no time. */
interface UnplannedFlow {
  readonly id: string;
  readonly schedule_id: string;
}

/** Sets the time of flows that are still without one, unless they were given another schedule meanwhile. */
async function setTime(
  session: Session,
  scheduleId: string,
  ids: readonly string[],
  next: Date,
  newerThan: Date | null,
): Promise<number> {
  // A chained flow waits for a run of its parent that is newer than its own last one
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
    await keepTimetablesWhere(session, `id IN (${marks(ids)})`, ids, now, 'pass over');
    return { planned: await setTime(session, scheduleId, ids, time.next, null), problems: [] };
  }
  if (time.reason === 'chained' && schedule !== undefined) {
    const chained = await chainedTime(session, schedule, now);
    if (chained !== null)
      return {
        planned: await setTime(session, scheduleId, ids, chained.next, chained.parentBegan),
        problems: [],
      };
  }
  if (isWanted(time.reason)) return { planned: 0, problems: [] };
  const { reason, message } = time;
  return { planned: 0, problems: [{ scheduleId, reason, message, flowIds: ids }] };
}

/** Gives flows their next time, a statement a schedule: all flows of a schedule have the same one. */
export async function planFlows(
  session: Session,
  flows: readonly UnplannedFlow[],
  now: Date,
): Promise<PlanResult> {
  const schedules = await readSchedules(
    session,
    flows.map((flow) => flow.schedule_id),
  );
  const bySchedule = new Map<
    string,
    { readonly schedule: ScheduleRow | undefined; readonly ids: string[] }
  >();
  for (const { id, schedule_id } of flows) {
    const schedule = scheduleOf(schedules, schedule_id);
    const scheduleId = schedule?.id ?? schedule_id;
    const group = bySchedule.get(scheduleId) ?? { schedule, ids: [] };
    group.ids.push(id);
    bySchedule.set(scheduleId, group);
  }
  let planned = 0;
  const problems: ScheduleProblem[] = [];
  for (const [scheduleId, { schedule, ids }] of bySchedule) {
    const result = await planSchedule(session, scheduleId, schedule, ids, now);
    planned += result.planned;
    problems.push(...result.problems);
  }
  return { planned, problems };
}

/** SQL that is true for a flow that has a schedule and no time. */
const unplanned = 'schedule_id IS NOT NULL AND enabled = 1 AND next_execution_time IS NULL';

/** Plans those of the named flows that have a schedule and no time. */
export async function planByIds(session: Session, ids: readonly string[]): Promise<PlanResult> {
  if (ids.length === 0) return { planned: 0, problems: [] };
  const flows = await session.select<UnplannedFlow & { now: Date }>(
    `SELECT id, schedule_id, CURRENT_TIMESTAMP AS now FROM protection_flows WHERE id IN (${marks(ids)}) AND ${unplanned}`,
    ids,
  );
  const [first] = flows;
  return first === undefined ? { planned: 0, problems: [] } : planFlows(session, flows, first.now);
}

/** A page of the flows that have a schedule and no time, in the order of their ids. */
export function selectUnplanned(
  session: Session,
  after: string,
  limit: number,
): Promise<(UnplannedFlow & { now: Date })[]> {
  return withIndex(
    session,
    'idx_flows_due',
    (hint) =>
      `SELECT id, schedule_id, CURRENT_TIMESTAMP AS now FROM protection_flows ${hint}
        WHERE ${unplanned} AND id > ? ORDER BY id LIMIT ?`,
    [after, limit],
  );
}
