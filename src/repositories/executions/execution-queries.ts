import { ProtectionFlowExecution } from '../../entities';
import { behind, behindParameters, pageOf, positionOf, type Page } from '../cursor';
import { marks, rowReader, type RawRow } from '../rows';
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

/** A flow's runs, newest first: read backwards from idx_executions_history, to which InnoDB appends the id. */
export async function selectHistory(
  session: Session,
  flowId: string,
  limit: number,
  after: string | null,
): Promise<Page<ProtectionFlowExecution>> {
  const position = after === null ? null : positionOf(after);
  const rows = await selectExecutions(
    session,
    `WHERE e.flow_id = ? ${position ? `AND ${behind('e')}` : ''} ORDER BY e.created_at DESC, e.id DESC LIMIT ?`,
    [flowId, ...(position ? behindParameters(position) : []), limit + 1],
  );
  return pageOf(rows, limit);
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
 * fastest with a subquery that depends on the flow, MySQL with a derived table beside it (measured: bench/data).
 */
export function selectLatest(
  session: Session,
  flowIds: readonly string[],
): Promise<ProtectionFlowExecution[]> {
  const newest =
    'SELECT x.id FROM protection_flow_executions x WHERE x.flow_id = f.id ORDER BY x.created_at DESC, x.id DESC LIMIT 1';
  const join = session.isMariaDb
    ? `JOIN protection_flows f ON e.id = (${newest})`
    : `JOIN (SELECT n.id FROM protection_flows f, LATERAL (${newest}) n WHERE f.id IN (${marks(flowIds)})) n ON n.id = e.id`;
  const where = session.isMariaDb ? `WHERE f.id IN (${marks(flowIds)})` : '';
  return selectExecutions(session, `${join} ${where}`, flowIds);
}
