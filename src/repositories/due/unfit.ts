import type { DataSource } from 'typeorm';
import type { Session } from '../session';
import { withIndex } from '../statements';
import { nextTime } from '../../schedule';
import { readSchedules, scheduleOf } from './schedules';
import { keepAllTimetables } from './timetables';

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
  const schedules = await readSchedules(
    session,
    ahead.map((one) => one.schedule_id),
  );
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
