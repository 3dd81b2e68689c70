import { ProtectionFlow, ProtectionFlowExecution } from '../../entities';
import { findExecution, findRunningOf } from '../executions/start';
import { executionNotFound, flowStillRunning } from '../refusals';
import { marks, rowReader, type RawRow } from '../rows';
import type { Session } from '../session';
import type { Claim } from './claim';

interface Waiting {
  readonly id: string;
  readonly flow_id: string;
}

/** Runs that wait for a flow that does not run, oldest first; locked until the transaction ends. */
function lockWaiting(session: Session, only: string | null, limit: number): Promise<Waiting[]> {
  return session.select<Waiting>(
    `SELECT e.id, e.flow_id FROM protection_flow_executions e
      WHERE ${only === null ? '' : 'e.id = ? AND'} e.status = 'pending' AND NOT EXISTS (
            SELECT 1 FROM protection_flow_executions r WHERE r.flow_id = e.flow_id AND r.status = 'running')
      ORDER BY e.id LIMIT ? FOR UPDATE SKIP LOCKED`,
    only === null ? [limit] : [only, limit],
  );
}

/** Of these flows, those that nobody else holds and that do not run; locked until the transaction ends. */
async function lockFreeFlows(session: Session, ids: readonly string[]): Promise<Map<string, ProtectionFlow>> {
  const reader = rowReader(session.manager, ProtectionFlow);
  const rows = await session.select<RawRow>(
    `SELECT ${reader.columns('f')} FROM protection_flows f WHERE f.id IN (${marks(ids)}) FOR UPDATE SKIP LOCKED`,
    ids,
  );
  if (rows.length === 0) return new Map();
  const flows = rows.map((row) => reader.read(row));
  // Asked again: a run may have begun before the flows were locked
  const running = await session.select<{ flow_id: string }>(
    `SELECT DISTINCT flow_id FROM protection_flow_executions WHERE flow_id IN (${marks(flows)}) AND status = 'running'`,
    flows.map((flow) => flow.id),
  );
  const busy = new Set(running.map((row) => row.flow_id));
  return new Map(flows.filter((flow) => !busy.has(flow.id)).map((flow) => [flow.id, flow]));
}

async function beginRuns(session: Session, ids: readonly string[], worker: string | null): Promise<void> {
  const metadata =
    worker === null
      ? ''
      : ", e.execution_metadata = JSON_SET(COALESCE(e.execution_metadata, '{}'), '$.worker', ?)";
  await session.write(
    `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
        SET e.status = 'running', e.started_at = CURRENT_TIMESTAMP${metadata},
            f.last_execution_id = e.id, f.last_execution_status = 'running', f.last_execution_time = CURRENT_TIMESTAMP
      WHERE e.id IN (${marks(ids)}) AND e.status = 'pending'`,
    [...(worker === null ? [] : [worker]), ...ids],
  );
}

async function readRuns(session: Session, ids: readonly string[]): Promise<ProtectionFlowExecution[]> {
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const rows = await session.select<RawRow>(
    `SELECT ${reader.columns('e')} FROM protection_flow_executions e WHERE e.id IN (${marks(ids)}) ORDER BY e.id`,
    ids,
  );
  return rows.map((row) => reader.read(row));
}

function dueAt({ execution_metadata }: ProtectionFlowExecution): Date | null {
  const text = execution_metadata?.['due_at'];
  return typeof text === 'string' ? new Date(text) : null;
}

/** Takes runs out of the queue within a transaction, at most one a flow. */
export async function claimQueuedRuns(
  session: Session,
  worker: string | null,
  limit: number,
  only: string | null = null,
): Promise<Claim[]> {
  const waiting = await lockWaiting(session, only, limit);
  if (waiting.length === 0) return [];
  const oldest = new Map<string, string>();
  for (const { id, flow_id } of waiting) if (!oldest.has(flow_id)) oldest.set(flow_id, id);
  const flows = await lockFreeFlows(session, [...oldest.keys()]);
  const ids = [...oldest].filter(([flowId]) => flows.has(flowId)).map(([, id]) => id);
  if (ids.length === 0) return [];
  await beginRuns(session, ids, worker);
  const runs = await readRuns(session, ids);
  return runs.map((execution) => ({
    execution,
    flow: flows.get(execution.flow_id)!,
    due_at: dueAt(execution),
  }));
}

/** Begins one run of the queue; false where it does not wait any more. */
export async function beginExecution(session: Session, id: string): Promise<boolean> {
  const begun = await session.transaction((own) => claimQueuedRuns(own, null, 1, id), 'READ COMMITTED');
  if (begun.length > 0) return true;
  const execution = await findExecution(session, id);
  if (execution === null) throw executionNotFound(id);
  if (execution.status !== 'pending') return false;
  const running = await findRunningOf(session, execution.flow_id, session.isJoined);
  if (running !== null) throw flowStillRunning(execution.flow_id, running);
  return false;
}
