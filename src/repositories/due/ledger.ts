import type { FlowRow } from '../../entities';
import { skipsTable, skipTotalsTable, timetablesTable } from '../../statistics/meaning';
import { lockFlows, marks, ifMigrated, idsOf } from '../statements';
import type { Session } from '../session';
import type { Schedules } from './schedules';
import {
  changedTimetables,
  insertTimetables,
  passedRuns,
  readInForce,
  readNewest,
  readTimetables,
  type Timetable,
} from './timetables';

/** Why a claim skipped a run that was due. */
export type SkipReason =
  'still-running' | 'paused' | 'missed' | 'no-schedule' | 'schedule-disabled' | 'schedule-invalid';

/** Consecutive skips of a flow for the same reason. */
export interface SkipRow {
  readonly flow_id: string;
  readonly first_due_at: Date;
  readonly last_due_at: Date;
  /** The flow's next time that the claim set together with the skip. */
  readonly next_due_at: Date | null;
  readonly reason: SkipReason;
  /** Null: too many to count. */
  readonly runs: number | null;
}

/**
 * Stores skips in the claim's transaction, which has locked the flows' rows. A skip extends the flow's newest row if it has
 * the same reason and was due at that row's next_due_at: then no run lies between the two.
 */
async function keepSkips(session: Session, skips: readonly SkipRow[], now: Date): Promise<void> {
  if (skips.length === 0) return;
  const counted = skips.flatMap(({ flow_id, reason, runs }) => [flow_id, reason, runs ?? 1]);
  await ifMigrated(
    session.write(
      `INSERT INTO ${skipTotalsTable} (flow_id, reason, runs) VALUES ${skips.map(() => '(?, ?, ?)').join(', ')}
         ON DUPLICATE KEY UPDATE runs = runs + VALUES(runs)`,
      counted,
    ),
  );
  const flows = [...new Set(skips.map(({ flow_id }) => flow_id))];
  const newest = await readNewest<SkipRow>(session, skipsTable, 'first_due_at', flows);
  const rows = skips.map((skip) => {
    const before = newest.get(skip.flow_id);
    const follows = before?.next_due_at?.getTime() === skip.first_due_at.getTime();
    if (before === undefined || !follows || before.reason !== skip.reason) return skip;
    const runs = before.runs === null || skip.runs === null ? null : before.runs + skip.runs;
    return { ...skip, first_due_at: before.first_due_at, runs };
  });
  const columns = ['flow_id', 'first_due_at', 'last_due_at', 'next_due_at', 'reason', 'runs'] as const;
  await ifMigrated(
    session.write(
      `INSERT INTO ${skipsTable} (${columns.join(', ')}, decided_at) VALUES ${rows.map(() => `(${marks(columns)}, ?)`).join(', ')}
         ON DUPLICATE KEY UPDATE last_due_at = GREATEST(last_due_at, VALUES(last_due_at)), next_due_at = VALUES(next_due_at),
           runs = GREATEST(runs, VALUES(runs)), decided_at = VALUES(decided_at)`,
      rows.flatMap((row) => [...columns.map((column) => row[column]), now]),
    ),
  );
}

/**
 * Deletes a flow's skips and timetables before an instant, because prune deletes the runs of that time. The flow's record
 * is complete from then on, so its oldest timetable begins at that instant.
 */
export async function pruneLedger(session: Session, flowId: string, before: Date): Promise<void> {
  const work = session.transaction(async (own) => {
    if ((await lockFlows(own, [flowId], 'wait')).size === 0) return;
    await own.write(`DELETE FROM ${skipsTable} WHERE flow_id = ? AND last_due_at < ?`, [flowId, before]);
    // If a timetable begins at that very instant, it is the one in force and stays
    await own.write(
      `INSERT INTO ${timetablesTable} (flow_id, from_at, state, schedule_id, cron_expression, timezone)
       SELECT flow_id, ?, state, schedule_id, cron_expression, timezone FROM ${timetablesTable}
        WHERE flow_id = ? AND from_at < ? ORDER BY from_at DESC LIMIT 1
           ON DUPLICATE KEY UPDATE flow_id = VALUES(flow_id)`,
      [before, flowId, before],
    );
    await own.write(`DELETE FROM ${timetablesTable} WHERE flow_id = ? AND from_at < ?`, [flowId, before]);
  }, 'READ COMMITTED');
  await ifMigrated(work);
}

/** What a claim decided for a due flow: `skip` is the reason for not running it, null if it runs. */
export interface Decision {
  readonly flow: FlowRow;
  readonly dueAt: Date;
  readonly skip: SkipReason | null;
  /** The flow's new next time. */
  readonly next: Date | null;
}

/** Returns a decision's skips: the due run if it is skipped, and as missed all runs that came due after it. */
function skipsIn({ flow, dueAt, skip, next }: Decision, ruling: readonly Timetable[], now: Date): SkipRow[] {
  const passed = passedRuns(ruling, dueAt, now);
  const row = { flow_id: flow.id, next_due_at: next };
  const one = { ...row, first_due_at: dueAt, last_due_at: dueAt, runs: 1 };
  if (passed === null) return skip === null ? [] : [{ ...one, reason: skip }];
  const { first, last, count } = passed;
  const missed: SkipRow = { ...row, reason: 'missed', first_due_at: first, last_due_at: last, runs: count };
  if (skip === null) return [missed];
  if (skip === 'missed') return [{ ...missed, first_due_at: dueAt, runs: count === null ? null : count + 1 }];
  return [{ ...one, reason: skip, next_due_at: first }, missed];
}

/**
 * Stores a claim's decisions in its transaction: the skips, and the timetables that differ from those in force. Computes
 * which runs came due meanwhile from the timetables that were in force at the time.
 */
export async function keepDecisions(
  session: Session,
  decisions: readonly Decision[],
  schedules: Schedules,
  now: Date,
): Promise<void> {
  const flows = decisions.map(({ flow }) => flow);
  const inForce = await readInForce(session, idsOf(flows));
  const changed = changedTimetables(flows, schedules, now, inForce);
  await insertTimetables(session, changed);
  const begunSince = decisions.filter(({ flow, dueAt }) => (inForce.get(flow.id)?.from_at ?? 0) >= dueAt);
  const earlier = await readTimetables(session, idsOf(begunSince.map(({ flow }) => flow)));
  const ruling = ({ flow: { id } }: Decision): readonly Timetable[] => {
    const one = inForce.get(id) ?? changed.find(({ flow_id }) => flow_id === id);
    return earlier.get(id) ?? (one === undefined ? [] : [one]);
  };
  const skips = decisions.flatMap((one) => skipsIn(one, ruling(one), now));
  await keepSkips(session, skips, now);
}
