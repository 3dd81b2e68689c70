import { nextTime, runsBetween, type NoRunReason } from '../../schedule';
import { chunks, grouped, lockFlows, idsOf, marks, ifMigrated, type IfLocked } from '../statements';
import { timetablesTable } from '../../statistics/meaning';
import type { Session } from '../session';
import { readSchedules, type Schedules } from './schedules';

const columns = ['state', 'schedule_id', 'cron_expression', 'timezone'] as const;

/** The inputs from which a flow's times are computed. */
interface Rule {
  /** `on`: times can be computed; otherwise the reason why not. */
  readonly state: 'on' | Exclude<NoRunReason, 'never'> | 'flow-disabled' | 'unscheduled';
  readonly schedule_id: string | null;
  readonly cron_expression: string | null;
  readonly timezone: string | null;
}

/** The rule in force for a flow after `from_at`, up to and including the `from_at` of the flow's next timetable. */
export interface Timetable extends Rule {
  readonly flow_id: string;
  readonly from_at: Date;
}

interface PlannedFlow {
  readonly id: string;
  readonly schedule_id: string | null;
  readonly enabled: boolean | number;
  readonly next_execution_time: Date | null;
}

const none: Rule = { state: 'unscheduled', schedule_id: null, cron_expression: null, timezone: null };

/** Returns the rule of a flow's present schedule. */
function ruleOf(
  { schedule_id, enabled }: Pick<PlannedFlow, 'schedule_id' | 'enabled'>,
  schedules: Schedules,
  at: Date,
): Rule {
  if (schedule_id === null) return none;
  const schedule = schedules.get(schedule_id);
  const time = nextTime(schedule, at);
  const state = time.next !== null || time.reason === 'never' ? 'on' : time.reason;
  return {
    state: enabled ? state : 'flow-disabled',
    schedule_id: schedule?.id ?? schedule_id,
    cron_expression: schedule?.cron_expression ?? null,
    timezone: schedule?.timezone ?? null,
  };
}

const isSame = (one: Rule, other: Rule): boolean => columns.every((column) => one[column] === other[column]);

const askedAtOnce = 100;

/** Reads each flow's newest row of a ledger table; none if the table's migration is pending. */
export async function readNewest<Row extends { readonly flow_id: string }>(
  session: Session,
  table: string,
  column: 'from_at' | 'first_due_at',
  ids: readonly string[],
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (const part of chunks(ids, askedAtOnce)) {
    const newest = `(SELECT * FROM ${table} WHERE flow_id = ? ORDER BY ${column} DESC LIMIT 1 ${session.currentRead})`;
    const read = session.select<Row>(part.map(() => newest).join(' UNION ALL '), part);
    for (const row of (await ifMigrated(read)) ?? []) rows.set(row.flow_id, row);
  }
  return rows;
}

/** Reads the flows' timetables in force, by flow id. */
export const readInForce = (session: Session, ids: readonly string[]): Promise<Map<string, Timetable>> =>
  readNewest(session, timetablesTable, 'from_at', ids);

/** Reads all timetables of the flows, oldest first, by flow id. @throws MIGRATION_PENDING */
export async function readTimetables(session: Session, ids: readonly string[]) {
  const timetables: Timetable[] = [];
  for (const part of chunks(ids, askedAtOnce))
    timetables.push(
      ...(await session.select<Timetable>(
        `SELECT * FROM ${timetablesTable} WHERE flow_id IN (${marks(part)}) ORDER BY flow_id, from_at`,
        part,
      )),
    );
  return grouped(timetables, ({ flow_id }) => flow_id);
}

/**
 * Returns the flows' timetables from an instant on, if they differ from those in force. The first timetable of a flow that
 * is already due begins one second before the due time, so that it covers that run.
 */
export function changedTimetables(
  flows: readonly PlannedFlow[],
  schedules: Schedules,
  at: Date,
  inForce: ReadonlyMap<string, Timetable>,
): Timetable[] {
  return flows.flatMap((flow): Timetable[] => {
    const before = inForce.get(flow.id);
    const rule = ruleOf(flow, schedules, at);
    if (isSame(rule, before ?? none)) return [];
    const due = flow.next_execution_time;
    const from_at = before === undefined && due !== null && due <= at ? new Date(due.getTime() - 1_000) : at;
    return [{ flow_id: flow.id, from_at, ...rule }];
  });
}

/** Stores timetables of flows whose rows are locked. */
export async function insertTimetables(session: Session, changed: readonly Timetable[]): Promise<void> {
  if (changed.length === 0) return;
  const all = ['flow_id', 'from_at', ...columns] as const;
  await ifMigrated(
    session.write(
      `INSERT INTO ${timetablesTable} (${all.join(', ')}) VALUES ${changed.map(() => `(${marks(all)})`).join(', ')}
         ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = VALUES(${column})`).join(', ')}`,
      changed.flatMap((one) => all.map((column) => one[column])),
    ),
  );
}

const keptAtOnce = 1_000;

/**
 * Stores the present timetables of the flows that match a condition, if they differ from those in force.
 *
 * @param ifLocked the timetable of a skipped flow is stored by the next call, or by the flow's next claim
 */
export async function keepTimetablesWhere(
  session: Session,
  condition: string,
  parameters: readonly unknown[],
  at: Date,
  ifLocked: IfLocked,
): Promise<void> {
  const flows = await session.select<PlannedFlow>(
    `SELECT id, schedule_id, enabled, next_execution_time FROM protection_flows WHERE ${condition}`,
    parameters,
  );
  for (const part of chunks(flows, keptAtOnce)) {
    const inForce = await readInForce(session, idsOf(part));
    const changed = changedTimetables(part, await readSchedules(session, part), at, inForce);
    if (changed.length === 0) continue;
    const ids = changed.map(({ flow_id }) => flow_id);
    await session.transaction(async (own) => {
      // Stores nothing for deleted flows; the locks keep the others from being deleted meanwhile
      const held = await lockFlows(own, ids, ifLocked);
      const kept = changed.filter(({ flow_id }) => held.has(flow_id));
      await insertTimetables(own, kept);
    });
  }
}

/**
 * Does the same for all flows, in case another program changed them or their schedules. Compares groups of flows that have
 * the same schedule and the same timetable.
 *
 * @param at null: the server's time
 * @returns the instant from which the timetables are stored; null if there are no flows and `at` is null
 */
export async function keepAllTimetables(session: Session, at: Date | null): Promise<Date | null> {
  type Group = Omit<Rule, 'state'> &
    Pick<PlannedFlow, 'enabled'> & { state: Rule['state'] | null; kept: string | null; now: Date };
  const read = session.select<Group>(
    `SELECT f.schedule_id, f.enabled, t.state, t.schedule_id AS kept, t.cron_expression, t.timezone, CURRENT_TIMESTAMP AS now
       FROM protection_flows f
       LEFT JOIN (SELECT flow_id, MAX(from_at) AS newest FROM ${timetablesTable} GROUP BY flow_id) n ON n.flow_id = f.id
       LEFT JOIN ${timetablesTable} t ON t.flow_id = n.flow_id AND t.from_at = n.newest
      GROUP BY f.schedule_id, f.enabled, t.state, t.schedule_id, t.cron_expression, t.timezone`,
  );
  const groups = (await ifMigrated(read)) ?? [];
  const from = at ?? groups[0]?.now ?? null;
  if (from === null) return null;
  const schedules = await readSchedules(session, groups);
  for (const group of groups) {
    const { state, schedule_id, enabled } = group;
    const kept = state === null ? none : { ...group, state, schedule_id: group.kept };
    if (isSame(ruleOf(group, schedules, from), kept)) continue;
    const condition = 'schedule_id <=> ? AND enabled = ?';
    await keepTimetablesWhere(session, condition, [schedule_id, enabled], from, 'skip');
  }
  return from;
}

const mostCounted = 100_000;

/**
 * Finds the first and the last run of a flow's timetables between `after` (exclusive) and `until` (inclusive), and counts
 * them; null if there are none. Counting more than 100,000 would take seconds: then `count` is null and `last` is `until`.
 *
 * @param timetables oldest first; the first one applies from `after` on, even if it begins later
 */
export function passedRuns(timetables: readonly Timetable[], after: Date, until: Date) {
  let first: Date | undefined;
  let last = after;
  let count = 0;
  for (const [at, { state, cron_expression, timezone, from_at }] of timetables.entries()) {
    const from = at === 0 || from_at < after ? after : from_at;
    const end = timetables[at + 1]?.from_at ?? until;
    const to = end < until ? end : until;
    if (state !== 'on' || cron_expression === null || from >= to) continue;
    const schedule = { cron_expression, timezone, schedule_type: 'cron', enabled: true };
    const { next } = nextTime(schedule, from);
    if (next === null || next > to) continue;
    for (const run of runsBetween(schedule, from, to)) {
      first ??= run;
      last = run;
      count += 1;
      if (count > mostCounted) return { first, last: until, count: null };
    }
  }
  return first === undefined ? null : { first, last, count };
}
