import type { StoredSchedule } from '../../schedule';
import { marks, orEmpty, bySpelling } from '../statements';
import type { Session } from '../session';

/** A row of replication_schedules: the columns on which the next run depends. */
export interface ScheduleRow extends StoredSchedule {
  readonly id: string;
  readonly chain_parent_schedule_id?: string | null;
  readonly chain_delay_minutes?: number | null;
  /** When it was read, by the server's clock. */
  readonly read_at: Date;
}

/** Schedules by the requested ids, in the caller's spelling. Null has none. */
export type Schedules = ReadonlyMap<string | null, ScheduleRow>;

/** Reads the schedules of flows; none if the platform's table does not exist yet. */
export async function readSchedules(
  session: Session,
  named: readonly { readonly schedule_id: string | null }[],
): Promise<Schedules> {
  const wanted = [...new Set(named.flatMap(({ schedule_id }) => schedule_id ?? []))];
  if (wanted.length === 0) return new Map();
  // Selects all columns, because not every release of the platform has those of chains
  const rows = await orEmpty(
    session.select<ScheduleRow>(
      `SELECT s.*, CURRENT_TIMESTAMP AS read_at FROM replication_schedules s WHERE s.id IN (${marks(wanted)})`,
      wanted,
    ),
  );
  return bySpelling(session, 'replication_schedules', wanted, rows);
}

/** Reads the schedule with that id; undefined if there is none, or the id is null. */
export async function readSchedule(session: Session, id: string | null): Promise<ScheduleRow | undefined> {
  return (await readSchedules(session, [{ schedule_id: id }])).get(id);
}
