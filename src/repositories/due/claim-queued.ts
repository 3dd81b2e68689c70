import { ProtectionFlow, ProtectionFlowExecution } from '../../entities';
import { selectExecutions } from '../executions/execution-list';
import { beginRuns } from '../executions/start';
import { marks, storedIds } from '../statements';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import type { Claim } from './claim-due';

interface Waiting {
  readonly id: string;
  readonly flow_id: string;
}

/** Flows by the ids that their runs have for them, which others may have spelled in their own way. */
type FreeFlows = ReadonlyMap<string, ProtectionFlow>;

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

/** The flows of these runs that nobody else holds and that do not run; locked until the transaction ends. */
async function lockFreeFlows(session: Session, waiting: readonly Waiting[]): Promise<FreeFlows> {
  const spellings = [...new Set(waiting.map((run) => run.flow_id))];
  const reader = rowReader(session.manager, ProtectionFlow);
  const rows = await session.select<RawRow>(
    `SELECT ${reader.columns('f')} FROM protection_flows f WHERE f.id IN (${marks(spellings)}) FOR UPDATE SKIP LOCKED`,
    spellings,
  );
  if (rows.length === 0) return new Map();
  const flows = rows.map((row) => reader.read(row));
  // Asked again: a run may have begun before the flows were locked
  const running = await session.select<{ flow_id: string }>(
    `SELECT DISTINCT flow_id FROM protection_flow_executions WHERE flow_id IN (${marks(flows)}) AND status = 'running'
      ${session.currentRead}`,
    flows.map((flow) => flow.id),
  );
  const stored = await storedIds(
    session,
    'protection_flows',
    [...spellings, ...running.map((run) => run.flow_id)],
    flows.map((flow) => flow.id),
  );
  const busy = new Set(running.map((run) => stored.get(run.flow_id)));
  const free = new Map(flows.filter(({ id }) => !busy.has(id)).map((flow) => [flow.id, flow]));
  return new Map(
    spellings.flatMap((spelling) => {
      const flow = free.get(stored.get(spelling) ?? '');
      return flow === undefined ? [] : [[spelling, flow] as const];
    }),
  );
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
  const flows = await lockFreeFlows(session, waiting);
  const oldest = new Map<ProtectionFlow, string>();
  for (const { id, flow_id } of waiting) {
    const flow = flows.get(flow_id);
    if (flow !== undefined && !oldest.has(flow)) oldest.set(flow, id);
  }
  const ids = [...oldest.values()];
  if (ids.length === 0) return [];
  await beginRuns(session, ids, worker);
  const runs = await selectExecutions(session, `WHERE e.id IN (${marks(ids)}) ORDER BY e.id`, ids);
  return runs.map((execution) => ({
    execution,
    flow: flows.get(execution.flow_id)!,
    dueAt: dueAt(execution),
  }));
}
