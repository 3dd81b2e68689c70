import type { SkipReason } from '../repositories';
import { readSchedules } from '../repositories/due/schedules';
import { withoutPaused } from '../repositories/flows/pauses';
import type { Session } from '../repositories/session';
import { ifMigrated, withIndex } from '../repositories/statements';
import { nextTime, runsBetween } from '../schedule';
import { skipsTable } from '../statistics/meaning';

const hourMs = 3_600_000;
const slotMs = hourMs / 2;
const slots = 48;
const slotsBack = 36;
const mostSkips = 5_000;

/** Skipped or missed runs of one flow, for one reason. */
export interface SkippedRuns {
  readonly flow: string;
  readonly reason: SkipReason;
  readonly first: Date;
  readonly last: Date;
  /** Null: too many to count. */
  readonly runs: number | null;
}

class Counts {
  readonly of: Record<string, number[]> = {};

  constructor(private readonly from: number) {}

  add(kind: string, at: number, runs: number): void {
    const slot = Math.floor((at - this.from) / slotMs);
    if (slot < 0 || slot >= slots) return;
    const counts = (this.of[kind] ??= Array.from({ length: slots }, () => 0));
    counts[slot]! += runs;
  }
}

async function readSkips(session: Session, since: Date): Promise<SkippedRuns[]> {
  const read = session.select<SkippedRuns>(
    `SELECT flow_id AS flow, reason, first_due_at AS first, last_due_at AS last, runs FROM ${skipsTable}
      WHERE last_due_at > ? ORDER BY last_due_at DESC LIMIT ${mostSkips}`,
    [since],
  );
  return (await ifMigrated(read)) ?? [];
}

/** Counts skipped runs, spread evenly from the first to the last: exact unless their schedule has gaps. */
function addSkips(counts: Counts, { reason, first, last, runs }: SkippedRuns): void {
  const steps = Math.min(runs ?? slots, 1_000);
  const [begin, end] = [first.getTime(), last.getTime()];
  for (let step = 0; step < steps; step += 1)
    counts.add(
      reason === 'missed' ? 'missed' : 'skipped',
      steps === 1 ? end : begin + ((end - begin) * step) / (steps - 1),
      (runs ?? steps) / steps,
    );
}

/** Counts the runs still due by the schedules of flows that are enabled and not paused. */
async function addDue(session: Session, counts: Counts, now: Date, end: Date): Promise<void> {
  const groups = await withoutPaused('f.id', (condition) =>
    session.select<{ schedule_id: string; flows: number | string }>(
      `SELECT f.schedule_id, COUNT(*) AS flows FROM protection_flows f
        WHERE f.enabled = 1 AND f.schedule_id IS NOT NULL ${condition} GROUP BY f.schedule_id`,
    ),
  );
  const schedules = await readSchedules(session, groups);
  for (const { schedule_id, flows } of groups) {
    const schedule = schedules.get(schedule_id);
    if (schedule === undefined || nextTime(schedule, now).next === null) continue;
    for (const run of runsBetween(schedule, now, end)) counts.add('due', run.getTime(), Number(flows));
  }
}

/**
 * Reads the runs of the last eighteen hours and computes those due in the next six, in slots of half an hour. `counts` has
 * an array for each kind, with a count for each slot. Runs count under their status, in the slot of their start;
 * `skipped`, `missed` and `due` runs in the slot of their due time. `skips` lists skipped runs, the newest first.
 */
export async function readDay(session: Session, now: Date) {
  const from = new Date((Math.floor(now.getTime() / slotMs) - slotsBack + 1) * slotMs);
  const counts = new Counts(from.getTime());
  const runs = await withIndex<{ slot: number | string; status: string; runs: number | string }>(
    session,
    'idx_execution_time',
    (hint) =>
      `SELECT FLOOR(UNIX_TIMESTAMP(e.started_at) / ${slotMs / 1_000}) AS slot, e.status, COUNT(*) AS runs
         FROM protection_flow_executions e ${hint} WHERE e.started_at >= ? GROUP BY slot, e.status`,
    [from],
  );
  for (const { slot, status, runs: count } of runs) counts.add(status, Number(slot) * slotMs, Number(count));
  const skips = await readSkips(session, from);
  for (const skip of skips) addSkips(counts, skip);
  await addDue(session, counts, now, new Date(from.getTime() + slots * slotMs - 1));
  return { from, slotMs, counts: counts.of, skips: skips.slice(0, 100) };
}
