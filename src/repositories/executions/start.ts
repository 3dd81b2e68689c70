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
 * Runs of the queue go to `running`, and their flows count and show them. Whoever calls holds the flows' rows and has seen that none
 * of them runs.
 *
 * @returns how many rows of runs and flows were matched: 0 where none of the runs waits any more
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
 * Begins one run of the queue; whoever begins another run of the flow meanwhile waits at the flow's row.
 *
 * @returns false where it does not wait any more
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
  // READ COMMITTED: what is read after the lock has to be what is there then
  return session.transaction(async (own) => {
    const { flow_id } = await read(own);
    await lockFlow(own, flow_id);
    const running = await findRunningOf(own, flow_id);
    if (running === null) return (await beginRuns(own, [id], null)) > 0;
    if ((await read(own)).status !== 'pending') return false;
    throw flowStillRunning(flow_id, running);
  }, 'READ COMMITTED');
}

/** The execution of that id, or null. */
export async function findExecution(session: Session, id: string): Promise<ProtectionFlowExecution | null> {
  const [found] = await selectExecutions(session, 'WHERE e.id = ?', [id]);
  return found ?? null;
}

/**
 * The execution as it is in the database right after its insert: what was not given has its default.
 *
 * @param startedAt null: it waits in the queue
 */
export function asInserted(
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

/** Inserts runs as they are, all in one statement. */
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
 * Inserts a run for each of these times; answers them in that order, as they are in the table then.
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

/** The run that an earlier try of the same start has made; otherwise the fault stands. */
async function alreadyMade(
  session: Session,
  input: NewExecution,
  fault: unknown,
): Promise<ProtectionFlowExecution> {
  if (input.id === undefined) throw fault;
  // Of the same flow however it is spelled: that is the database's to say
  const [made] = await selectExecutions(session, `WHERE e.id = ? AND e.flow_id = ? ${session.currentRead}`, [
    input.id,
    input.flow_id,
  ]);
  if (made === undefined) throw fault;
  return made;
}

/** A run of the flow that is under way, as of now. */
async function findRunningOf(session: Session, flowId: string): Promise<string | null> {
  const [row] = await session.select<{ id: string }>(
    `SELECT id FROM protection_flow_executions WHERE flow_id = ? AND status = 'running' LIMIT 1
     ${session.currentRead}`,
    [flowId],
  );
  return row?.id ?? null;
}

/** Begins a run at once. Nothing is written before it is certain that it may begin. */
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
    // Of a call that is repeated, the first one's run may be under way, or over while another one runs
    const isRepeated =
      isProtectionFlowsError(error, 'ID_TAKEN') || isProtectionFlowsError(error, 'FLOW_STILL_RUNNING');
    if (!isRepeated) throw error;
    const made = await alreadyMade(session, input, error);
    // The id of a run that waits: a worker will take it, and this caller must not
    if (made.started_at === null) throw error;
    return made;
  }
}

/** Puts a run into the queue. */
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
  // The flow's id as it is stored, in whatever spelling it is given; of none, the foreign key has its say
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
