import type { Session } from '../session';
import type { ScheduleRow } from './schedules';

/** When a chained schedule fires, and after which run of its parent. */
export interface ChainedTime {
  readonly next: Date;
  /** When the parent's latest scheduled run began: flows that ran since have had their turn. */
  readonly parentBegan: Date;
}

interface ParentRow {
  readonly busy: number | string | null;
  readonly began: Date | null;
  readonly completed: Date | null;
}

/**
 * A chained schedule fires `chain_delay_minutes` after the schedule before it has run: when the last scheduled run of
 * the parent's flows is over, however it ended, and none of its flows runs or is due. Null: not yet.
 */
export async function chainedTime(
  session: Session,
  schedule: ScheduleRow,
  now: Date,
): Promise<ChainedTime | null> {
  const parent = schedule.chain_parent_schedule_id ?? null;
  if (parent === null) return null;
  const scheduled = (column: string): string => `MAX(IF(e.execution_type = 'scheduled', e.${column}, NULL))`;
  const [row] = await session.select<ParentRow>(
    `SELECT SUM(f.enabled = 1 AND (f.last_execution_status = 'running' OR COALESCE(f.next_execution_time <= ?, 0))) AS busy,
            ${scheduled('started_at')} AS began, ${scheduled('completed_at')} AS completed
       FROM protection_flows f LEFT JOIN protection_flow_executions e ON e.id = f.last_execution_id
      WHERE f.schedule_id = ?`,
    [now, parent],
  );
  if (!row?.began || !row.completed || Number(row.busy) > 0) return null;
  const delayMs = (schedule.chain_delay_minutes ?? 0) * 60_000;
  return { next: new Date(row.completed.getTime() + delayMs), parentBegan: row.began };
}
