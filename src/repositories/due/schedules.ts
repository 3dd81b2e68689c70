import { isProtectionFlowsError } from '../../errors';
import { nextRun } from '../../schedule';
import { marks, orNone, storedIds } from '../statements';
import type { Session } from '../session';

/** A row of replication_schedules, as far as the next run depends on it. */
export interface ScheduleRow {
  readonly id: string;
  readonly cron_expression: string;
  readonly schedule_type: string;
  readonly timezone: string | null;
  /** Null, as the platform's column lets in, is its default: enabled. */
  readonly enabled: number | boolean | null;
  readonly chain_parent_schedule_id?: string | null;
  readonly chain_delay_minutes?: number | null;
  /** When it was read, by the server's clock. */
  readonly read_at: Date;
}

/** Why a schedule gives no time. */
export type NoRunReason = 'no-schedule' | 'schedule-disabled' | 'schedule-invalid' | 'chained' | 'never';

/** When a schedule fires next, or why it does not. */
export type NextTime =
  { readonly next: Date } | { readonly next: null; readonly reason: NoRunReason; readonly message?: string };

/** Schedules by the ids that were asked for, however those are spelled. */
export type Schedules = ReadonlyMap<string, ScheduleRow>;

/** The schedules of that id. Where the platform's table does not exist (yet), there are none. */
export async function readSchedules(session: Session, ids: readonly (string | null)[]): Promise<Schedules> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  // All columns: those of chains are not in every release of the platform
  const rows = await orNone(
    session.select<ScheduleRow>(
      `SELECT s.*, CURRENT_TIMESTAMP AS read_at FROM replication_schedules s WHERE s.id IN (${marks(wanted)})`,
      wanted,
    ),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const stored = await storedIds(session, 'replication_schedules', wanted, [...byId.keys()]);
  return new Map(
    [...stored].flatMap(([asked, id]) => {
      const row = byId.get(id);
      return row === undefined ? [] : [[asked, row] as const];
    }),
  );
}

/** The schedule of that id among those that were read. */
export function scheduleOf(schedules: Schedules, id: string | null): ScheduleRow | undefined {
  return id === null ? undefined : schedules.get(id);
}

/** An expression in its time zone → a time at which it fires, and since when that is the next one. */
const known = new Map<string, { readonly since: number; readonly next: number }>();
const mostKnown = 10_000;

/** The next run, which is the same until it has come: to work it out anew takes as long as a query. */
function knownNext(schedule: ScheduleRow, after: Date): Date | null {
  const key = JSON.stringify([schedule.cron_expression, schedule.timezone]);
  const found = known.get(key);
  if (found !== undefined && found.since <= after.getTime() && after.getTime() < found.next)
    return new Date(found.next);
  const next = nextRun(schedule, after);
  if (known.size >= mostKnown) known.clear();
  if (next !== null) known.set(key, { since: after.getTime(), next: next.getTime() });
  return next;
}

/** When the schedule fires next after an instant. Never throws: a wrong expression is a reason. */
export function nextTime(schedule: ScheduleRow | undefined, after: Date): NextTime {
  if (schedule === undefined) return { next: null, reason: 'no-schedule' };
  if (schedule.enabled !== null && !schedule.enabled) return { next: null, reason: 'schedule-disabled' };
  if (schedule.schedule_type === 'chain') return { next: null, reason: 'chained' };
  try {
    const next = knownNext(schedule, after);
    return next === null ? { next, reason: 'never' } : { next };
  } catch (error) {
    if (!isProtectionFlowsError(error, 'SCHEDULE_INVALID')) throw error;
    return { next: null, reason: 'schedule-invalid', message: error.message };
  }
}
