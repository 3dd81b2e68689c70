import { select, type Queryable, type Row } from '../../src/engine/server/queryable';

/**
 * Returns the flows with this prefix whose statistics are wrong, with the stored and the counted values; empty if all are right.
 * The totals must count the runs that began. The last run shown must exist, with this status and time: its start while it is under
 * way, its end afterwards. No other run may have begun after it (not checked without `timesAreReal`). A run under way must be the
 * one shown.
 */
export function wrongStatistics(
  session: Queryable,
  prefix = '',
  { timesAreReal = true }: { readonly timesAreReal?: boolean } = {},
): Promise<Row[]> {
  return select(
    session,
    `SELECT f.id, f.total_executions, f.successful_executions, f.failed_executions,
            f.last_execution_id, f.last_execution_status, f.last_execution_time,
            c.total, c.successful, c.failed, c.running, c.begun, e.status, e.started_at, e.completed_at
       FROM protection_flows f
       LEFT JOIN (
            SELECT flow_id, COUNT(started_at) AS total, SUM(status = 'success' AND started_at IS NOT NULL) AS successful,
                   SUM(status = 'error' AND started_at IS NOT NULL) AS failed, MAX(started_at) AS begun,
                   MAX(IF(status = 'running', id, NULL)) AS running
              FROM protection_flow_executions GROUP BY flow_id) c ON c.flow_id = f.id
       LEFT JOIN protection_flow_executions e ON e.id = f.last_execution_id
      WHERE f.id LIKE ? AND NOT (f.total_executions <=> COALESCE(c.total, 0)
             AND f.successful_executions <=> COALESCE(c.successful, 0)
             AND f.failed_executions <=> COALESCE(c.failed, 0)
             AND f.last_execution_status <=> COALESCE(e.status, 'pending')
             AND f.last_execution_time <=> COALESCE(e.completed_at, e.started_at)
             AND (c.begun IS NULL OR f.last_execution_time >= c.begun OR NOT ?)
             AND (c.running IS NULL OR c.running <=> f.last_execution_id))`,
    [`${prefix}%`, timesAreReal],
  );
}

/** Returns the flows with more than one running run. */
export function runningTwice(session: Queryable): Promise<Row[]> {
  return select(
    session,
    `SELECT flow_id, COUNT(*) AS running FROM protection_flow_executions WHERE status = 'running'
      GROUP BY flow_id HAVING COUNT(*) > 1`,
  );
}
