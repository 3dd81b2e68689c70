import type { ExecutionStatus } from '../../domain';
import { executionNotFound, flowStillRunning, flowNotFound } from '../not-found';
import { explainingRefusals } from '../refusals';
import { marks, lockFlow, idsOf } from '../statements';
import type { Session } from '../session';
import { traceTransition } from './transition';
import { metadataIn, type NewExecution } from './execution-input';
import { uuidv7 } from 'uuidv7';
import { ProtectionFlowExecution, type FlowRow } from '../../entities';
import { isProtectionFlowsError } from '../../errors';
import { selectExecutions } from './execution-list';

const table = 'protection_flow_executions';

/**
 * Sets queued runs to `running`. Counts them in their flows, and records them as the last runs. The caller has locked the
 * flows' rows, and has seen that none has a run under way.
 *
 * @returns the number of matched rows of runs and flows: 0 if none of the runs is queued any more
 */
export function beginRuns(session: Session, ids: readonly string[], worker: string | null): Promise<number> {
  const metadata =
    worker === null
      ? ''
      : `, e.execution_metadata = JSON_SET(${metadataIn('e.execution_metadata')}, '$.worker', ?)`;
  const sql = `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
        SET e.status = 'running', e.started_at = CURRENT_TIMESTAMP${metadata},
            f.total_executions = f.total_executions + 1, f.last_execution_id = e.id,
            f.last_execution_status = 'running', f.last_execution_time = CURRENT_TIMESTAMP
      WHERE e.id IN (${marks(ids)}) AND e.status = 'pending'`;
  const parameters = [...(worker === null ? [] : [worker]), ...ids];
  return traceTransition('running', ids, () => session.write(sql, parameters));
}

/**
 * Begins one queued run. Locks the flow's row, so no other run of the flow can begin meanwhile.
 *
 * @returns false if the run is not queued any more
 * @throws EXECUTION_NOT_FOUND; FLOW_STILL_RUNNING
 */
export function beginExecution(session: Session, id: string): Promise<boolean> {
  const read = async (own: Session) => {
    const [run] = await own.select<{ flow_id: string; status: ExecutionStatus }>(
      `SELECT flow_id, status FROM protection_flow_executions WHERE id = ? ${own.currentRead}`,
      [id],
    );
    if (run === undefined) throw executionNotFound(id);
    return run;
  };
  // READ COMMITTED, because the reads after the lock must see the rows as they are then
  return session.transaction(async (own) => {
    const { flow_id } = await read(own);
    await lockFlow(own, flow_id);
    const running = await findRunningOf(own, flow_id);
    if (running === null) return (await beginRuns(own, [id], null)) > 0;
    if ((await read(own)).status !== 'pending') return false;
    throw flowStillRunning(flow_id, running);
  }, 'READ COMMITTED');
}

/** Returns the execution with that id, or null. */
export async function findExecution(session: Session, id: string): Promise<ProtectionFlowExecution | null> {
  const [found] = await selectExecutions(session, 'WHERE e.id = ?', [id]);
  return found ?? null;
}

/**
 * Returns the execution as it is stored by an insert, with the defaults of the columns.
 *
 * @param startedAt null: the run is queued
 */
function asInserted(
  id: string,
  input: NewExecution,
  at: Date,
  startedAt: Date | null,
): ProtectionFlowExecution {
  return Object.assign(new ProtectionFlowExecution(), {
    id,
    flow_id: input.flow_id,
    status: startedAt === null ? ('pending' as const) : ('running' as const),
    execution_type: input.execution_type,
    jobs_created: 0,
    jobs_completed: 0,
    jobs_failed: 0,
    jobs_skipped: 0,
    started_at: startedAt,
    completed_at: null,
    execution_time_seconds: null,
    vms_processed: 0,
    bytes_transferred: 0,
    error_message: null,
    execution_metadata: input.execution_metadata ?? null,
    created_job_ids: null,
    schedule_execution_id: input.schedule_execution_id ?? null,
    created_at: at,
    triggered_by: input.triggered_by ?? 'system',
  });
}

const jsonOf = (value: unknown): string | null => ((value ?? null) === null ? null : JSON.stringify(value));

const columns = [
  'id',
  'flow_id',
  'status',
  'execution_type',
  'started_at',
  'created_at',
  'triggered_by',
  'schedule_execution_id',
] as const;

/** Inserts runs in one statement. */
async function insertRuns(session: Session, runs: readonly ProtectionFlowExecution[]): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  const sql = `INSERT INTO protection_flow_executions (${columns.join(', ')}, execution_metadata)
     VALUES ${runs.map(() => `(${marks(columns)}, ?)`).join(', ')}`;
  const values = runs.flatMap((run) => [
    ...columns.map((column) => run[column]),
    jsonOf(run.execution_metadata),
  ]);
  await traceTransition(first.status, idsOf(runs), () => session.write(sql, values));
}

/**
 * Inserts a run for each due time, and returns the stored runs in the same order.
 *
 * @param by who claims or asks: the runs' `triggered_by`
 * @param at the server's time
 */
export async function insertDueRuns(
  session: Session,
  due: readonly { readonly flow: Pick<FlowRow, 'id'>; readonly dueAt: Date }[],
  status: 'running' | 'pending',
  by: string,
  at: Date,
): Promise<ProtectionFlowExecution[]> {
  const runs = due.map(({ flow, dueAt }) => {
    const due_at = dueAt.toISOString();
    const execution_metadata = status === 'running' ? { worker: by, due_at } : { due_at };
    const given = {
      flow_id: flow.id,
      execution_type: 'scheduled',
      triggered_by: by,
      execution_metadata,
    } as const;
    return asInserted(uuidv7(), given, at, status === 'running' ? at : null);
  });
  await insertRuns(session, runs);
  return runs;
}

/** Returns the run that an earlier call with the same id created. @throws the fault if there is none */
async function alreadyMade(
  session: Session,
  input: NewExecution,
  fault: unknown,
): Promise<ProtectionFlowExecution> {
  if (input.id === undefined) throw fault;
  // The database decides whether flow_id is the same flow in another spelling
  const [made] = await selectExecutions(session, `WHERE e.id = ? AND e.flow_id = ? ${session.currentRead}`, [
    input.id,
    input.flow_id,
  ]);
  if (made === undefined) throw fault;
  return made;
}

/** Returns the id of the flow's current run under way, or null. */
async function findRunningOf(session: Session, flowId: string): Promise<string | null> {
  const [row] = await session.select<{ id: string }>(
    `SELECT id FROM protection_flow_executions WHERE flow_id = ? AND status = 'running' LIMIT 1
     ${session.currentRead}`,
    [flowId],
  );
  return row?.id ?? null;
}

/** Begins a run at once. Checks first that the run may begin, and then writes. */
export async function startExecution(
  session: Session,
  input: NewExecution,
): Promise<ProtectionFlowExecution> {
  const id = input.id ?? uuidv7();
  try {
    return await session.transaction(async (own) => {
      const flow = await lockFlow(own, input.flow_id);
      const running = await findRunningOf(own, flow.id);
      if (running !== null) throw flowStillRunning(flow.id, running);
      const run = asInserted(id, { ...input, flow_id: flow.id }, flow.at, flow.at);
      await explainingRefusals(own, { table, values: new Map(Object.entries(run)) }, () =>
        insertRuns(own, [run]),
      );
      await own.write(
        `UPDATE protection_flows SET total_executions = total_executions + 1, last_execution_id = ?,
                last_execution_status = 'running', last_execution_time = ? WHERE id = ?`,
        [id, flow.at, flow.id],
      );
      return run;
    });
  } catch (error) {
    // The call may be a repetition: its run may be under way, or may have ended while another one began
    const isRepeated =
      isProtectionFlowsError(error, 'ID_TAKEN') || isProtectionFlowsError(error, 'FLOW_STILL_RUNNING');
    if (!isRepeated) throw error;
    const made = await alreadyMade(session, input, error);
    // The id belongs to a queued run: a worker will begin it, so this caller must not
    if (made.started_at === null) throw error;
    return made;
  }
}

/** Queues a run. */
export async function enqueueExecution(
  session: Session,
  input: NewExecution,
): Promise<ProtectionFlowExecution> {
  const id = input.id ?? uuidv7();
  const values = new Map<string, unknown>([
    ['flow_id', input.flow_id],
    ['id', id],
    ['execution_type', input.execution_type],
    ['triggered_by', input.triggered_by ?? 'system'],
    ['schedule_execution_id', input.schedule_execution_id ?? null],
    ['execution_metadata', jsonOf(input.execution_metadata)],
  ]);
  const others = [...values].slice(1);
  // Stores the flow's id in the flow's own spelling. Without such a flow, the foreign key refuses the row
  const sql = `INSERT INTO protection_flow_executions (${[...values.keys()].join(', ')})
     VALUES (COALESCE((SELECT f.id FROM protection_flows f WHERE f.id = ?), ?), ${marks(others)})`;
  const parameters = [input.flow_id, ...values.values()];
  try {
    await explainingRefusals(session, { table, values }, () =>
      traceTransition('pending', [id], () => session.write(sql, parameters)),
    );
  } catch (error) {
    if (isProtectionFlowsError(error, 'REFERENCE_NOT_FOUND') && error.details.field === 'flow_id')
      throw flowNotFound(input.flow_id);
    if (!isProtectionFlowsError(error, 'ID_TAKEN')) throw error;
    return alreadyMade(session, input, error);
  }
  const execution = await findExecution(session, id);
  if (execution === null) throw executionNotFound(id);
  return execution;
}
