import { ProtectionFlowExecution } from '../../entities';
import { assertOfList, listName, pageOf, type Cursor, type Page } from '../cursor';
import { comparableText, withPlatformColumns } from '../platform-columns';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import { selectNewestFirst } from './newest-first';

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

/** A page of a flow's runs, newest first. */
export async function selectHistory(
  session: Session,
  flowId: string,
  limit: number,
  after: Cursor | null,
): Promise<Page<ProtectionFlowExecution>> {
  const list = listName('history', flowId);
  assertOfList('history', after, list);
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const rows = await selectNewestFirst<RawRow>(session, {
    columns: reader.columns('e'),
    flowId,
    // Only a column that may be null gives a place without a value
    position: after === null ? null : { created_at: after.value as Date, id: after.id },
    limit: limit + 1,
  });
  return pageOf(
    rows.map((row) => reader.read(row)),
    limit,
    list,
    (run) => run.created_at,
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

/** The ids of the newest run of each flow `f`: one entry of idx_executions_history each, read backwards. */
const newestOfEach = `SELECT x.id FROM protection_flow_executions x WHERE x.flow_id = f.id
  ORDER BY x.flow_id DESC, x.created_at DESC, x.id DESC LIMIT 1`;

/**
 * The newest run of each flow, in one query. The flows come as a JSON document: of 500 ids in an IN list, each becomes a
 * range of its own, which takes MySQL longer than all the rest. The order names flow_id, though it is the same in each
 * subquery: without it, MySQL reads and sorts the flow's whole history (measured on 9.7: bench/data).
 */
export async function selectLatest(
  session: Session,
  flowIds: readonly string[],
): Promise<Map<string, ProtectionFlowExecution>> {
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const rows = await withPlatformColumns(session, (columns) => {
    const text = comparableText(columns, 'protection_flow_executions.flow_id', 64);
    return session.select<RawRow & { place: number }>(
      `SELECT n.place, ${reader.columns('e')} FROM protection_flow_executions e
         JOIN (SELECT f.place, (${newestOfEach}) AS id
                 FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, id ${text} PATH '$')) f) n
           ON n.id = e.id`,
      [JSON.stringify(flowIds)],
    );
  });
  // By the id as it was asked for: a run may have another spelling of it
  return new Map(rows.map((row) => [flowIds[Number(row.place) - 1]!, reader.read(row)]));
}
