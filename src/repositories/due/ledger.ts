import { nextTime, runsBetween, type NoRunReason, type StoredSchedule } from '../../schedule';
import { skipsTable, timetablesTable } from '../../statistics/meaning';
import type { Session } from '../session';
import { marks, whereKept } from '../statements';
import { scheduleOf, type ScheduleRow, type Schedules } from './schedules';

/** Why a run that should have been did not take place. */
export type SkipReason =
  'still-running' | 'missed' | 'no-schedule' | 'schedule-disabled' | 'schedule-invalid';

/** Whether a time table gives times, or why not. */
export type TimetableState = 'on' | NoRunReason | 'flow-disabled' | 'unscheduled';

/** What a flow's times were computed from, since an instant. */
export interface Timetable {
  readonly flow_id: string;
  readonly from_at: Date;
  readonly state: TimetableState;
  readonly schedule_id: string | null;
  readonly cron_expression: string | null;
  readonly timezone: string | null;
}

/** What a time table is made of: a flow as it is stored. */
export interface PlannedFlow {
  readonly id: string;
  readonly schedule_id: string | null;
  readonly enabled: boolean | number;
}

/** The time table of a flow as its schedule is now. */
export function timetableOf(flow: PlannedFlow, schedule: ScheduleRow | undefined, from: Date): Timetable {
  const state = (): TimetableState => {
    if (flow.schedule_id === null) return 'unscheduled';
    if (!flow.enabled) return 'flow-disabled';
    const time = nextTime(schedule, from);
    return time.next === null && time.reason !== 'never' ? time.reason : 'on';
  };
  return {
    flow_id: flow.id,
    from_at: from,
    state: state(),
    schedule_id: schedule?.id ?? flow.schedule_id,
    cron_expression: schedule?.cron_expression ?? null,
    timezone: schedule?.timezone ?? null,
  };
}

const comparedColumns = ['state', 'schedule_id', 'cron_expression', 'timezone'] as const;

/** The newest rows of each of these flows; none before the migration that makes the table. */
async function readNewest<Row extends object>(
  session: Session,
  table: string,
  column: 'from_at' | 'first_due_at',
  ids: readonly string[],
): Promise<Row[]> {
  if (ids.length === 0) return [];
  const rows: Row[] = [];
  const read = session.select<Row>(
    `SELECT t.* FROM (SELECT flow_id, MAX(${column}) AS newest FROM ${table} WHERE flow_id IN (${marks(ids)}) GROUP BY flow_id) n
       JOIN ${table} t ON t.flow_id = n.flow_id AND t.${column} = n.newest ${session.currentRead}`,
    ids,
  );
  await whereKept(read.then((found) => rows.push(...found)));
  return rows;
}

/** The time tables in force of these flows, by the flow; none before the migration that makes their table. */
export async function readInForce(session: Session, ids: readonly string[]): Promise<Map<string, Timetable>> {
  return new Map(
    (await readNewest<Timetable>(session, timetablesTable, 'from_at', ids)).map((row) => [row.flow_id, row]),
  );
}

/** Keeps the time tables that are not those in force. */
export async function keepTimetables(
  session: Session,
  current: readonly Timetable[],
  inForce: ReadonlyMap<string, Timetable>,
): Promise<void> {
  const changed = current.filter((one) => {
    const before = inForce.get(one.flow_id);
    return before === undefined || comparedColumns.some((column) => one[column] !== before[column]);
  });
  if (changed.length === 0) return;
  const columns = ['flow_id', 'from_at', ...comparedColumns] as const;
  await whereKept(
    session.write(
      `INSERT INTO ${timetablesTable} (${columns.join(', ')}) VALUES ${changed.map(() => `(${marks(columns)})`).join(', ')}
         ON DUPLICATE KEY UPDATE ${comparedColumns.map((column) => `${column} = VALUES(${column})`).join(', ')}`,
      changed.flatMap((one) => columns.map((column) => one[column])),
    ),
  );
}

/** Equal skips of a flow that follow each other without anything between them. */
export interface SkipRow {
  readonly flow_id: string;
  readonly first_due_at: Date;
  readonly last_due_at: Date;
  /** The flow's next time, as it was set with the skip. */
  readonly next_due_at: Date | null;
  readonly reason: SkipReason;
  /** Null: too many to be counted. */
  readonly runs: number | null;
}

const sum = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : one + other;

/**
 * Keeps what was not run, in the transaction that decides it; the rows of the flows are locked. A skip joins the row before
 * it where it was due at the time that was set with that row, for the same reason: then nothing lies between the two.
 */
export async function keepSkips(session: Session, skips: readonly SkipRow[], now: Date): Promise<void> {
  if (skips.length === 0) return;
  const flows = [...new Set(skips.map(({ flow_id }) => flow_id))];
  const key = (flow: string, reason: string, at: Date | null): string =>
    JSON.stringify([flow, reason, at?.getTime()]);
  const newest = await readNewest<SkipRow>(session, skipsTable, 'first_due_at', flows);
  const before = new Map(newest.map((row) => [key(row.flow_id, row.reason, row.next_due_at), row]));
  const rows = skips.map((skip) => {
    const joined = before.get(key(skip.flow_id, skip.reason, skip.first_due_at));
    if (joined === undefined) return skip;
    return { ...skip, first_due_at: joined.first_due_at, runs: sum(joined.runs, skip.runs) };
  });
  const columns = ['flow_id', 'first_due_at', 'last_due_at', 'next_due_at', 'reason', 'runs'] as const;
  await whereKept(
    session.write(
      `INSERT INTO ${skipsTable} (${columns.join(', ')}, decided_at) VALUES ${rows.map(() => `(${marks(columns)}, ?)`).join(', ')}
         ON DUPLICATE KEY UPDATE last_due_at = GREATEST(last_due_at, VALUES(last_due_at)), next_due_at = VALUES(next_due_at),
           runs = GREATEST(runs, VALUES(runs)), decided_at = VALUES(decided_at)`,
      rows.flatMap((row) => [...columns.map((column) => row[column]), now]),
    ),
  );
}

/**
 * Forgets what of a flow was not run before an instant, as its executions of that time are pruned. Its record is whole from
 * then on: that is where its oldest time table begins.
 */
export async function pruneLedger(session: Session, flowId: string, before: Date): Promise<void> {
  const work = session.transaction(async (own) => {
    await own.write(`DELETE FROM ${skipsTable} WHERE flow_id = ? AND last_due_at < ?`, [flowId, before]);
    const [old] = await own.select<{ from_at: Date | null }>(
      `SELECT MAX(from_at) AS from_at FROM ${timetablesTable} WHERE flow_id = ? AND from_at < ?`,
      [flowId, before],
    );
    const inForce = old?.from_at ?? null;
    if (inForce === null) return;
    await own.write(`DELETE FROM ${timetablesTable} WHERE flow_id = ? AND from_at < ?`, [flowId, inForce]);
    await own.write(`UPDATE IGNORE ${timetablesTable} SET from_at = ? WHERE flow_id = ? AND from_at = ?`, [
      before,
      flowId,
      inForce,
    ]);
  }, 'READ COMMITTED');
  await whereKept(work);
}

/** A due flow, its time, and the reason for not running it, where there is one. */
export interface Decision {
  readonly flow: PlannedFlow;
  readonly dueAt: Date;
  readonly skip: SkipReason | null;
  /** The time that it is given now. */
  readonly next: Date | null;
}

/** What a decision leaves out: the run that was due, where it is skipped, and those that came due after it, missed. */
function leftOut(
  { flow, dueAt, skip, next }: Decision,
  timetable: StoredSchedule | null,
  now: Date,
): SkipRow[] {
  const passed = timetable === null ? null : runsBetween(timetable, dueAt, now);
  const of = (
    reason: SkipReason,
    first: Date,
    last: Date,
    next: Date | null,
    runs: number | null,
  ): SkipRow => ({
    flow_id: flow.id,
    first_due_at: first,
    last_due_at: last,
    next_due_at: next,
    reason,
    runs,
  });
  if (passed === null) return skip === null ? [] : [of(skip, dueAt, dueAt, next, 1)];
  if (skip === 'missed') return [of(skip, dueAt, passed.last, next, sum(passed.count, 1))];
  const missed = of('missed', passed.first, passed.last, next, passed.count);
  return skip === null ? [missed] : [of(skip, dueAt, dueAt, passed.first, 1), missed];
}

/**
 * Keeps what a claim decided, in its transaction: what it left out, and the time tables that are not those in force. What
 * came due meanwhile is judged by the time table that was in force.
 */
export async function keepDecisions(
  session: Session,
  decisions: readonly Decision[],
  schedules: Schedules,
  now: Date,
): Promise<void> {
  const inForce = await readInForce(
    session,
    decisions.map(({ flow }) => flow.id),
  );
  const current = new Map(
    decisions.map(({ flow, dueAt }) => {
      const before = inForce.get(flow.id);
      const schedule = scheduleOf(schedules, flow.schedule_id);
      // Of a flow that is new to the ledger, what was due is known; of another one, what holds from now on
      return [flow.id, timetableOf(flow, schedule, before === undefined ? dueAt : now)];
    }),
  );
  const ruling = (id: string): StoredSchedule | null => {
    const { state, cron_expression, timezone } = inForce.get(id) ?? current.get(id)!;
    if (state !== 'on' || cron_expression === null) return null;
    return { cron_expression, timezone, schedule_type: 'cron', enabled: true };
  };
  await keepSkips(
    session,
    decisions.flatMap((one) => leftOut(one, ruling(one.flow.id), now)),
    now,
  );
  await keepTimetables(session, [...current.values()], inForce);
}
