import type { Session } from '../session';
import { isWanted, nextTime, type NoRunReason } from '../../schedule';
import { type ScheduleRow, readSchedules, scheduleOf } from './schedules';
import { withIndex, marks, grouped, idsOf } from '../statements';
import { keepTimetablesWhere, keepAllTimetables } from './timetables';
import type { DataSource } from 'typeorm';

/**
 * A chained schedule fires `chain_delay_minutes` after the schedule before it has run: when the last scheduled run of
 * the parent's flows is over, however it ended, and none of its flows runs or is due. Null: not yet.
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
  // Flows that ran since the parent's latest scheduled run began have had their turn
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

type UnplannedFlow = { readonly id: string; readonly schedule_id: string };

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

const together = (results: readonly PlanResult[]): PlanResult => ({
  planned: results.reduce((sum, { planned }) => sum + planned, 0),
  problems: results.flatMap(({ problems }) => problems),
});

/** Gives flows their next time, a statement a schedule: all flows of a schedule have the same one. */
async function planFlows(session: Session, flows: readonly UnplannedFlow[], now: Date): Promise<PlanResult> {
  const schedules = await readSchedules(session, flows);
  const scheduleIn = ({ schedule_id }: UnplannedFlow) => scheduleOf(schedules, schedule_id);
  const bySchedule = grouped(flows, (flow) => scheduleIn(flow)?.id ?? flow.schedule_id);
  const results: PlanResult[] = [];
  for (const [scheduleId, ofSchedule] of bySchedule) {
    const schedule = scheduleIn(ofSchedule[0]!);
    results.push(await planSchedule(session, scheduleId, schedule, idsOf(ofSchedule), now));
  }
  return together(results);
}

/** A page of the flows that have a schedule and no time, in the order of their ids. */
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

/** Plans those of the named flows that have a schedule and no time. */
export async function planByIds(session: Session, ids: readonly string[]): Promise<void> {
  const flows = await selectUnplanned(session, `id IN (${marks(ids)})`, ids, null);
  if (flows.length > 0) await planFlows(session, flows, flows[0]!.now);
}

const plannedAtOnce = 500;

/** Plans all flows that have a schedule and no time. @param now null: the server's time */
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
    if (last === undefined) return together(results);
    results.push(await planFlows(session, flows, now ?? last.now));
    after = last.id;
  }
}

/** The times of a schedule's flows that are enabled and not due yet, or of those that are disabled: from when to when. */
interface Times {
  readonly enabled: number | boolean;
  /** Null: of flows without a schedule. */
  readonly schedule_id: string | null;
  readonly earliest: Date;
  readonly latest: Date;
  readonly now: Date;
}

/** One row a schedule, from the index of the due flows: its flows have the same time, where all is as it should be. */
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

/** Whoever polls reads the times of all flows so seldom: it takes 12 ms for 2,000 flows, and a look at what is due takes one. */
const lookAgainMs = 30_000;
const looked = new WeakMap<DataSource, number>();

/** True once in 30 seconds for each DataSource. */
export function isLongSinceLooked({ manager: { connection } }: Session): boolean {
  const now = performance.now();
  if (now - (looked.get(connection) ?? -Infinity) < lookAgainMs) return false;
  looked.set(connection, now);
  return true;
}

/**
 * Takes next times away that another program has made wrong: of a flow that it disabled, or took off its schedule or gave another
 * one, and of a schedule whose expression, time zone or state it changed. A flow that is due stays due, and what fits is not
 * written. A chained schedule's times depend on runs and not on the clock: they stay.
 *
 * What the flows' times are computed from after that is kept first, so that an audit knows it.
 *
 * @param given null: the server's time
 * @returns the instant from which the times that are taken away are to be computed anew; null where that does not matter
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
    const right = nextTime(scheduleOf(schedules, schedule_id), after);
    if (right.next === null && right.reason === 'chained') continue;
    const fits = (time: Date): boolean => time.getTime() === right.next?.getTime();
    if (fits(earliest) && fits(latest)) continue;
    // Where the right time has come meanwhile, another scheduler may have run it, and set the one after it: that fits then
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
