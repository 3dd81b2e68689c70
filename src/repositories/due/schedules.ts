import type { StoredSchedule } from '../../schedule';
import { marks, orNone, bySpelling } from '../statements';
import type { Session } from '../session';

/** A row of replication_schedules, as far as the next run depends on it. */
export interface ScheduleRow extends StoredSchedule {
  readonly id: string;
  readonly chain_parent_schedule_id?: string | null;
  readonly chain_delay_minutes?: number | null;
  /** When it was read, by the server's clock. */
  readonly read_at: Date;
}

/** Schedules by the ids that were asked for, however those are spelled. */
export type Schedules = ReadonlyMap<string, ScheduleRow>;

/** The schedules that are named. Where the platform's table does not exist (yet), there are none. */
export async function readSchedules(
  session: Session,
  named: readonly { readonly schedule_id: string | null }[],
): Promise<Schedules> {
  const wanted = [...new Set(named.flatMap(({ schedule_id }) => schedule_id ?? []))];
  if (wanted.length === 0) return new Map();
  // All columns: those of chains are not in every release of the platform
  const rows = await orNone(
    session.select<ScheduleRow>(
      `SELECT s.*, CURRENT_TIMESTAMP AS read_at FROM replication_schedules s WHERE s.id IN (${marks(wanted)})`,
      wanted,
    ),
  );
  return bySpelling(session, 'replication_schedules', wanted, rows);
}

/** The schedule of that id among those that were read. */
export function scheduleOf(schedules: Schedules, id: string | null): ScheduleRow | undefined {
  return id === null ? undefined : schedules.get(id);
}

/** The schedule of that id; undefined where there is none, or no id. */
export async function readSchedule(session: Session, id: string | null): Promise<ScheduleRow | undefined> {
  return scheduleOf(await readSchedules(session, [{ schedule_id: id }]), id);
}
