import { ProtectionFlow, ProtectionFlowExecution } from '../../entities';
import { beginRuns } from '../executions/begin';
import { marks } from '../lists';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import type { Claim } from './claim';

interface Waiting {
  readonly id: string;
  readonly flow_id: string;
}

/** Runs that wait for a flow that does not run, oldest first; locked until the transaction ends. */
function lockWaiting(session: Session, limit: number): Promise<Waiting[]> {
  return session.select<Waiting>(
    `SELECT e.id, e.flow_id FROM protection_flow_executions e
      WHERE e.status = 'pending' AND NOT EXISTS (
            SELECT 1 FROM protection_flow_executions r WHERE r.flow_id = e.flow_id AND r.status = 'running')
      ORDER BY e.id LIMIT ? FOR UPDATE SKIP LOCKED`,
    [limit],
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
    `SELECT DISTINCT flow_id FROM protection_flow_executions WHERE flow_id IN (${marks(flows)}) AND status = 'running'
      ${session.currentRead}`,
    flows.map((flow) => flow.id),
  );
  const busy = new Set(running.map((row) => row.flow_id));
  return new Map(flows.filter((flow) => !busy.has(flow.id)).map((flow) => [flow.id, flow]));
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
  const instant = new Date(typeof text === 'string' ? text : NaN);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** Takes runs out of the queue within a transaction, at most one a flow. */
export async function claimQueuedRuns(session: Session, worker: string, limit: number): Promise<Claim[]> {
  const waiting = await lockWaiting(session, limit);
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
    dueAt: dueAt(execution),
  }));
}
