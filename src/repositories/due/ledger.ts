import type { FlowRow } from '../../entities';
import { skipsTable, skipTotalsTable, timetablesTable } from '../../statistics/meaning';
import { holdFlows, marks, whereKept, idsOf } from '../statements';
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

/** Why a run that should have been did not take place. */
export type SkipReason =
  'still-running' | 'paused' | 'missed' | 'no-schedule' | 'schedule-disabled' | 'schedule-invalid';

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

/**
 * Keeps what was not run, in the transaction that decides it; the rows of the flows are locked. A skip joins the row before
 * it where it was due at the time that was set with that row, for the same reason: then nothing lies between the two.
 */
async function keepSkips(session: Session, skips: readonly SkipRow[], now: Date): Promise<void> {
  if (skips.length === 0) return;
  const counted = skips.flatMap(({ flow_id, reason, runs }) => [flow_id, reason, runs ?? 1]);
  await whereKept(
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
    if ((await holdFlows(own, [flowId], 'wait')).size === 0) return;
    await own.write(`DELETE FROM ${skipsTable} WHERE flow_id = ? AND last_due_at < ?`, [flowId, before]);
    // Where one begins at that very instant, it is the one in force then
    await own.write(
      `INSERT INTO ${timetablesTable} (flow_id, from_at, state, schedule_id, cron_expression, timezone)
       SELECT flow_id, ?, state, schedule_id, cron_expression, timezone FROM ${timetablesTable}
        WHERE flow_id = ? AND from_at < ? ORDER BY from_at DESC LIMIT 1
           ON DUPLICATE KEY UPDATE flow_id = VALUES(flow_id)`,
      [before, flowId, before],
    );
    await own.write(`DELETE FROM ${timetablesTable} WHERE flow_id = ? AND from_at < ?`, [flowId, before]);
  }, 'READ COMMITTED');
  await whereKept(work);
}

/** A due flow, its time, and the reason for not running it, where there is one. */
export interface Decision {
  readonly flow: FlowRow;
  readonly dueAt: Date;
  readonly skip: SkipReason | null;
  /** The time that it is given now. */
  readonly next: Date | null;
}

/** What a decision leaves out: the run that was due, where it is skipped, and those that came due after it, missed. */
function leftOut({ flow, dueAt, skip, next }: Decision, ruling: readonly Timetable[], now: Date): SkipRow[] {
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
 * Keeps what a claim decided, in its transaction: what it left out, and the time tables that are not those in force. What
 * came due meanwhile is judged by the time tables that were in force.
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
  const skips = decisions.flatMap((one) => leftOut(one, ruling(one), now));
  await keepSkips(session, skips, now);
}
