import type { ValuesOf } from '../../arguments';
import { type ExecutionRow, ProtectionFlow, ProtectionFlowExecution } from '../../entities';
import { behind, type Position } from '../pages';
import { chooseFair, claimReaders, type Claim } from './claim-due';
import { selectExecutions } from '../executions/execution-list';
import { mayBeTried } from '../executions/transition';
import { beginRuns } from '../executions/start';
import { withoutPaused } from '../flows/pauses';
import { marks, bySpelling, idsOf } from '../statements';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';

type Waiting = Pick<ExecutionRow, 'id' | 'flow_id'>;

/** Ordering by id is not enough: the ids of the platform's hub do not grow with time. */
const oldest = { column: 'e.created_at', id: 'e.id', direction: 'asc' } as const;

/** SQL that is true for a queued run that may begin: its flow has no run under way, and a retry's time has come. */
const mayBegin = `e.status = 'pending' AND NOT EXISTS (
        SELECT 1 FROM protection_flow_executions r WHERE r.flow_id = e.flow_id AND r.status = 'running')
        AND ${mayBeTried}`;

const candidates = (condition: string): string => `SELECT e.id, f.repository_id, e.created_at AS since
       FROM protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id WHERE ${mayBegin} ${condition}`;

/** Flows by the flow_id of their runs, in each spelling. */
type FreeFlows = ReadonlyMap<string, ProtectionFlow>;

/** Selects a page of queued runs that may begin and whose flow is not paused, oldest first. Locks nothing. */
function chooseWaiting(session: Session, after: Position | undefined, limit: number): Promise<Position[]> {
  const from = after === undefined ? null : behind(oldest, { value: after.created_at, id: after.id });
  return withoutPaused('e.flow_id', (condition) =>
    session.select<Position>(
      `SELECT e.id, e.created_at FROM protection_flow_executions e
        WHERE ${mayBegin} ${condition} ${from ? `AND ${from.condition}` : ''}
        ORDER BY e.created_at, e.id LIMIT ?`,
      [...(from?.parameters ?? []), limit],
    ),
  );
}

/** Locks those of the runs that are still queued and that no other transaction holds. Returns them in the given order. */
async function lockRuns(session: Session, ids: readonly string[]): Promise<Waiting[]> {
  if (ids.length === 0) return [];
  const locked = await session.select<Waiting>(
    `SELECT e.id, e.flow_id FROM protection_flow_executions e FORCE INDEX (PRIMARY)
      WHERE e.id IN (${marks(ids)}) AND e.status = 'pending' FOR UPDATE SKIP LOCKED`,
    ids,
  );
  const byId = new Map(locked.map((run) => [run.id, run]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/**
 * Locks queued runs that may begin, oldest first. Chooses them before it locks them, because a locking SELECT that sorts
 * locks the whole queue. Chooses further runs in place of those that other transactions hold.
 */
async function lockWaiting(session: Session, limit: number): Promise<Waiting[]> {
  const waiting: Waiting[] = [];
  for (let after: Position | undefined; waiting.length < limit;) {
    const chosen = await chooseWaiting(session, after, limit);
    after = chosen.at(-1);
    if (after === undefined) break;
    waiting.push(...(await lockRuns(session, idsOf(chosen))));
    if (chosen.length < limit) break;
  }
  return waiting.slice(0, limit);
}

/** Locks the runs' flows that no other transaction holds, and returns those that are not paused and have no run under way. */
async function lockFreeFlows(session: Session, waiting: readonly Waiting[]): Promise<FreeFlows> {
  const spellings = [...new Set(waiting.map((run) => run.flow_id))];
  const reader = rowReader(session.manager, ProtectionFlow);
  const rows = await withoutPaused('f.id', (condition) =>
    session.select<RawRow>(
      `SELECT ${reader.columns('f')} FROM protection_flows f
        WHERE f.id IN (${marks(spellings)}) ${condition} FOR UPDATE SKIP LOCKED`,
      spellings,
    ),
  );
  if (rows.length === 0) return new Map();
  const flows = rows.map((row) => reader.read(row));
  // Asks again, because a run may have begun before the flows were locked
  const running = await session.select<{ flow_id: string }>(
    `SELECT DISTINCT flow_id FROM protection_flow_executions WHERE flow_id IN (${marks(flows)}) AND status = 'running'
      ${session.currentRead}`,
    idsOf(flows),
  );
  const asked = [...spellings, ...running.map((run) => run.flow_id)];
  const bySpellings = await bySpelling(session, 'protection_flows', asked, flows);
  const busy = new Set(running.map((run) => bySpellings.get(run.flow_id)));
  return new Map(
    spellings.flatMap((spelling) => {
      const flow = bySpellings.get(spelling);
      return flow === undefined || busy.has(flow) ? [] : [[spelling, flow] as const];
    }),
  );
}

function dueAt({ execution_metadata }: ProtectionFlowExecution): Date | null {
  const text = execution_metadata?.['due_at'];
  const instant = new Date(typeof text === 'string' ? text : NaN);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** Begins queued runs inside the caller's transaction, at most one per flow. */
export async function claimQueuedRuns(
  session: Session,
  { worker, limit, perRepository }: ValuesOf<typeof claimReaders>,
): Promise<Claim[]> {
  const fair = (most: number): Promise<string[]> =>
    withoutPaused('e.flow_id', (condition) =>
      chooseFair(session, candidates(condition), [], { limit, perRepository: most }),
    );
  const waiting = await (perRepository === null
    ? lockWaiting(session, limit)
    : lockRuns(session, await fair(perRepository)));
  if (waiting.length === 0) return [];
  const flows = await lockFreeFlows(session, waiting);
  const first = new Map<ProtectionFlow, string>();
  for (const { id, flow_id } of waiting) {
    const flow = flows.get(flow_id);
    if (flow !== undefined && !first.has(flow)) first.set(flow, id);
  }
  const ids = [...first.values()];
  if (ids.length === 0) return [];
  await beginRuns(session, ids, worker);
  const runs = await selectExecutions(session, `WHERE e.id IN (${marks(ids)})`, ids);
  const byId = new Map(runs.map((run) => [run.id, run]));
  return ids.map((id) => {
    const execution = byId.get(id)!;
    return { execution, flow: flows.get(execution.flow_id)!, dueAt: dueAt(execution) };
  });
}
