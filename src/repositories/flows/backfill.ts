import { type Asked, declareArguments, id, name, optional, options, refuse } from '../../arguments';
import { validationFailed } from '../../errors';
import { nextTime } from '../../schedule';
import { insertDueRuns } from '../executions/start';
import { readSchedule } from '../due/schedules';
import { lockFlow } from '../statements';
import { instant, limitOf } from '../input';
import type { Session } from '../session';

/** A window of a flow's schedule: both ends are included, and it is at most 400 days long. */
export interface Backfill {
  readonly from: Date;
  readonly to: Date;
  /** The most runs to queue, 1 to 1,000. Default: 100. */
  readonly limit?: number | undefined;
  /** Who asks: the runs' `triggered_by`. Default: `backfill`. */
  readonly by?: string | undefined;
}

/** A run that was queued, and the time of the schedule for which it runs. */
export interface BackfilledRun {
  readonly executionId: string;
  readonly dueAt: Date;
}

const longestMs = 400 * 86_400_000;

const asked = declareArguments('backfill', {
  id,
  window: options(
    { from: instant, to: instant, limit: limitOf(1_000, 100), by: optional(name, 'backfill') },
    ({ from, to }, faults) => {
      const ms = to.getTime() - from.getTime();
      if (ms < 0 || ms > longestMs)
        refuse(faults, 'to', 'isWindow', 'must not be before from, nor more than 400 days after it');
    },
  ),
});

const refused = (field: string, rule: string, sentence: string): Error =>
  validationFailed('backfill', [{ field, constraints: { [rule]: `${field} ${sentence}` } }]);

/** Queues a run for each time of the window that has none. Locks the flow's row, so no other run of it begins meanwhile. */
export function backfillFlow(session: Session, given: Asked<typeof asked>): Promise<BackfilledRun[]> {
  const { id, window } = asked(given);
  const { from, to, limit, by } = window;
  return session.transaction(async (own) => {
    const flow = await lockFlow(own, id);
    const [planned] = await own.select<{ schedule_id: string | null; next: Date | null }>(
      'SELECT schedule_id, next_execution_time AS next FROM protection_flows WHERE id = ? FOR UPDATE',
      [flow.id],
    );
    const { schedule_id = null, next = null } = planned ?? {};
    const schedule = await readSchedule(own, schedule_id);
    const made = await own.select<{ due_at: string | null }>(
      `SELECT JSON_UNQUOTE(JSON_EXTRACT(execution_metadata, '$.due_at')) AS due_at FROM protection_flow_executions
        WHERE flow_id = ? AND created_at >= ? ${own.currentRead}`,
      [flow.id, from],
    );
    const times = new Set(made.map(({ due_at }) => due_at));
    // Ends before the flow's next time: runs from then on belong to the scheduler
    const end = Math.min(to.getTime(), flow.at.getTime(), (next?.getTime() ?? Infinity) - 1);
    const missing: Date[] = [];
    for (let after = new Date(from.getTime() - 1); missing.length <= limit;) {
      const time = nextTime(schedule, after);
      if (time.next === null && time.reason !== 'never' && schedule_id !== null)
        throw refused('id', 'hasTimes', `must be of a flow whose schedule has times: ${time.message}`);
      if (time.next === null || time.next.getTime() > end) break;
      after = time.next;
      if (!times.has(after.toISOString())) missing.push(after);
    }
    if (missing.length > limit)
      throw refused('limit', 'isEnough', `must be larger than ${limit}: more times than that have no run`);
    const due = missing.map((dueAt) => ({ flow, dueAt }));
    const runs = await insertDueRuns(own, due, 'pending', by, flow.at);
    return runs.map(({ id: executionId }, place) => ({ executionId, dueAt: missing[place]! }));
  }, 'READ COMMITTED');
}
