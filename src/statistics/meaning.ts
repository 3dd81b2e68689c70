/** Where prune keeps how many runs of each flow it has removed: one row a flow. */
export const prunedTable = 'sendense_flow_pruned';

/** The columns of a flow that count its runs. */
export const counterColumns = ['total_executions', 'successful_executions', 'failed_executions'] as const;

/** How far the clocks of two programs may be apart, in seconds, before what they wrote is wrong. */
export const clockToleranceSeconds = 60;

/** What a flow counts and shows of its runs. */
export interface FlowStatistics {
  readonly total_executions: number;
  readonly successful_executions: number;
  readonly failed_executions: number;
  readonly last_execution_id: string | null;
  readonly last_execution_status: string;
  readonly last_execution_time: Date | null;
}

/** A flow's statistics as they are stored, and as its runs make them. */
export interface WrongStatistics extends FlowStatistics {
  readonly id: string;
  readonly right_total: number;
  readonly right_successful: number;
  readonly right_failed: number;
  readonly right_last_id: string | null;
  readonly right_last_status: string;
  readonly right_last_time: Date | null;
}

/**
 * Selects the flows whose statistics are not what their runs, and what prune removed, make them. One statement, and so
 * one snapshot: a program that changes a run and its flow in one transaction is never seen half-way.
 *
 * Right is the run shown as the last one where it is there, runs or nothing runs, and no other began after it; otherwise the
 * run that runs, or began last. Its time is its start while it runs, its end afterwards, give or take a minute, as the
 * platform's hub reads its clock twice; while it runs the time may be absent, as the hub leaves it.
 *
 * The counts come from two indexes alone, whatever the rows carry; left alone, MariaDB reads every row for the states
 * (30 s for 1,000,000). What ended without having begun is subtracted.
 *
 * @param among a condition on `flow_id`, such as `flow_id IN (?, ?)`; it appears four times. Empty: all flows
 * @param hinted false where those indexes are not there (errno 1176)
 */
export function wrongStatisticsSql(among = '', hinted = true): string {
  const runs = (condition: string, index: string | null): string => {
    const conditions = [condition, among].filter((one) => one !== '').join(' AND ');
    const hint = hinted && index !== null ? `FORCE INDEX (${index})` : '';
    return `FROM protection_flow_executions ${hint} ${conditions && `WHERE ${conditions}`} GROUP BY flow_id`;
  };
  const counters = `
        SELECT f.id, ${counterColumns.map((column) => `f.${column}`).join(', ')},
               f.last_execution_id, f.last_execution_status, f.last_execution_time,
               COALESCE(b.began, 0) + COALESCE(p.total_executions, 0) AS right_total,
               COALESCE(c.successful, 0) - COALESCE(n.successful, 0) + COALESCE(p.successful_executions, 0) AS right_successful,
               COALESCE(c.failed, 0) - COALESCE(n.failed, 0) + COALESCE(p.failed_executions, 0) AS right_failed,
               CASE WHEN l.id IS NOT NULL AND (l.status = 'running' OR COALESCE(c.running, 0) = 0)
                         AND COALESCE(COALESCE(l.started_at, l.completed_at, l.created_at) >= b.newest, TRUE) THEN l.id
                    WHEN b.began > 0 THEN (
                         SELECT x.id FROM protection_flow_executions x WHERE x.flow_id = f.id AND x.started_at IS NOT NULL
                          ORDER BY x.status = 'running' DESC, x.started_at DESC, x.id DESC LIMIT 1)
                    END AS right_last_id
          FROM protection_flows f
          LEFT JOIN (SELECT flow_id, COUNT(started_at) AS began, MAX(started_at) AS newest
                       ${runs('', 'idx_flow_executions')}) b
            ON b.flow_id = f.id
          LEFT JOIN (SELECT flow_id, SUM(status = 'success') AS successful, SUM(status = 'error') AS failed,
                            SUM(status = 'running') AS running
                       ${runs('', 'idx_executions_flow_status')}) c ON c.flow_id = f.id
          LEFT JOIN (SELECT flow_id, SUM(status = 'success') AS successful, SUM(status = 'error') AS failed
                       ${runs("started_at IS NULL AND status IN ('success', 'error')", null)}) n ON n.flow_id = f.id
          LEFT JOIN ${prunedTable} p ON p.flow_id = f.id
          LEFT JOIN protection_flow_executions l ON l.id = f.last_execution_id AND l.flow_id = f.id
         ${among && `WHERE ${among.replace('flow_id', 'f.id')}`}`;
  return `
SELECT * FROM (
  SELECT s.*, COALESCE(r.status, 'pending') AS right_last_status,
         IF(r.status = 'running', r.started_at, COALESCE(r.completed_at, r.started_at)) AS right_last_time
    FROM (${counters}) s
    LEFT JOIN protection_flow_executions r ON r.id = s.right_last_id) t
 WHERE NOT (total_executions = right_total AND successful_executions = right_successful
        AND failed_executions = right_failed AND last_execution_id <=> right_last_id
        AND last_execution_status = right_last_status
        AND CASE WHEN right_last_id IS NULL THEN last_execution_time IS NULL
                 WHEN right_last_time IS NULL THEN TRUE
                 WHEN last_execution_time IS NULL THEN right_last_status = 'running'
                 ELSE ABS(TIMESTAMPDIFF(SECOND, last_execution_time, right_last_time)) <= ${clockToleranceSeconds} END)
 ORDER BY id`;
}

/** ER_KEY_DOES_NOT_EXITS, as the server spells it. */
const indexMissing = 1176;

/** Asks with the hints, and without where the indexes are not there: slower is better than not at all. */
export async function withHints<Answer>(ask: (hinted: boolean) => Promise<Answer>): Promise<Answer> {
  try {
    return await ask(true);
  } catch (error) {
    if ((error as { errno?: number }).errno !== indexMissing) throw error;
    return ask(false);
  }
}
