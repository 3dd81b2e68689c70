import { ProtectionFlowExecution } from '../../entities';
import { behind, behindParameters, pageOf, positionOf, type Page } from '../cursor';
import { withIndex } from '../index-hint';
import { marks } from '../lists';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';

async function selectExecutions(
  session: Session,
  rest: string,
  parameters: readonly unknown[],
): Promise<ProtectionFlowExecution[]> {
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const rows = await session.select<RawRow>(
    `SELECT ${reader.columns('e')} FROM protection_flow_executions e ${rest}`,
    parameters,
  );
  return rows.map((row) => reader.read(row));
}

/**
 * A flow's runs, newest first: read backwards from idx_executions_history, to which InnoDB appends the id. Without the
 * hint, MariaDB begins in the middle of a long history at its newest run and reads on to the page: where a table scan
 * seems cheaper than the range, it forgets the range and falls back to `ref` (seen on 10.11).
 */
export async function selectHistory(
  session: Session,
  flowId: string,
  limit: number,
  after: string | null,
): Promise<Page<ProtectionFlowExecution>> {
  const position = after === null ? null : positionOf(after);
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const rows = await withIndex<RawRow>(
    session,
    'idx_executions_history',
    (hint) =>
      `SELECT ${reader.columns('e')} FROM protection_flow_executions e ${hint}
        WHERE e.flow_id = ? ${position ? `AND ${behind('e')}` : ''} ORDER BY e.created_at DESC, e.id DESC LIMIT ?`,
    [flowId, ...(position ? behindParameters(position) : []), limit + 1],
  );
  return pageOf(
    rows.map((row) => reader.read(row)),
    limit,
  );
}

/** Runs that are under way, oldest first. */
export function selectRunning(session: Session, limit: number): Promise<ProtectionFlowExecution[]> {
  return selectExecutions(session, "WHERE e.status = 'running' ORDER BY e.id LIMIT ?", [limit]);
}

/**
 * The newest run under way that has this very job: JSON_CONTAINS compares whole elements of the list, case included.
 */
export async function selectRunningByJob(
  session: Session,
  jobId: string,
): Promise<ProtectionFlowExecution | null> {
  const [found] = await selectExecutions(
    session,
    "WHERE e.status = 'running' AND JSON_CONTAINS(e.created_job_ids, ?) ORDER BY e.id DESC LIMIT 1",
    [JSON.stringify(jobId)],
  );
  return found ?? null;
}

/**
 * The newest run of each flow, in one query. Both forms read one entry of idx_executions_history a flow; MariaDB is
 * fastest with a subquery that depends on the flow, MySQL with a GROUP BY that jumps from flow to flow ("Using index for
 * group-by"), which leaves the runs of one second to be told apart by their ids (measured: bench/data).
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/group-by-optimization.html
 */
export async function selectLatest(
  session: Session,
  flowIds: readonly string[],
): Promise<Map<string, ProtectionFlowExecution>> {
  const ids = marks(flowIds);
  const runs = await selectExecutions(
    session,
    session.isMariaDb
      ? `JOIN protection_flows f FORCE INDEX (PRIMARY) ON e.id = (SELECT x.id FROM protection_flow_executions x WHERE x.flow_id = f.id
           ORDER BY x.created_at DESC, x.id DESC LIMIT 1) WHERE f.id IN (${ids})`
      : `JOIN (SELECT x.flow_id, MAX(x.created_at) AS created_at FROM protection_flow_executions x
           WHERE x.flow_id IN (${ids}) GROUP BY x.flow_id) n ON n.flow_id = e.flow_id AND n.created_at = e.created_at`,
    flowIds,
  );
  const newest = new Map<string, ProtectionFlowExecution>();
  for (const run of runs) {
    const other = newest.get(run.flow_id);
    if (other === undefined || other.id < run.id) newest.set(run.flow_id, run);
  }
  return newest;
}
