import type { FlowRow, ProtectionFlowExecution } from '../../entities';
import { uuidv7 } from 'uuidv7';
import type { NextTime } from '../../schedule';
import { asInserted } from '../executions/start';
import { traceTransition } from '../executions/transition';
import { marks } from '../statements';
import type { Session } from '../session';

/** A flow, and the time for which a run of it is made. */
interface DueRun {
  readonly flow: Pick<FlowRow, 'id'>;
  readonly dueAt: Date;
}

/**
 * Inserts a run for each of these, all in one statement; answers them in that order, as they are in the table then.
 *
 * @param by who claims or asks: the runs' `triggered_by`
 * @param at the server's time
 */
export async function insertRuns(
  session: Session,
  due: readonly DueRun[],
  status: 'running' | 'pending',
  by: string,
  at: Date,
): Promise<ProtectionFlowExecution[]> {
  if (due.length === 0) return [];
  const startedAt = status === 'running' ? at : null;
  const runs = due.map(({ flow, dueAt }) => {
    const due_at = dueAt.toISOString();
    const execution_metadata = status === 'running' ? { worker: by, due_at } : { due_at };
    const given = {
      flow_id: flow.id,
      execution_type: 'scheduled',
      triggered_by: by,
      execution_metadata,
    } as const;
    return asInserted(uuidv7(), given, at, startedAt);
  });
  const columns = [
    'id',
    'flow_id',
    'status',
    'execution_type',
    'started_at',
    'created_at',
    'triggered_by',
  ] as const;
  const sql = `INSERT INTO protection_flow_executions (${columns.join(', ')}, execution_metadata)
     VALUES ${runs.map(() => `(${marks(columns)}, ?)`).join(', ')}`;
  const values = runs.flatMap((run) => [
    ...columns.map((column) => run[column]),
    JSON.stringify(run.execution_metadata),
  ]);
  const ids = runs.map(({ id }) => id);
  await traceTransition(status, ids, () => session.write(sql, values));
  return runs;
}

/** `column = CASE … END`: the flows of a schedule have the same next time. */
function nextTimes(times: ReadonlyMap<string | null, NextTime>): { sql: string; parameters: unknown[] } {
  const given = [...times].filter(([schedule, { next }]) => schedule !== null && next !== null);
  if (given.length === 0) return { sql: 'f.next_execution_time = NULL', parameters: [] };
  return {
    sql: `f.next_execution_time = CASE f.schedule_id ${given.map(() => 'WHEN ? THEN ?').join(' ')} END`,
    parameters: given.flatMap(([schedule, { next }]) => [schedule, next]),
  };
}

/**
 * Gives every flow its next time; those that begin a run count and show it.
 *
 * @param times by the schedules' ids, however they are spelled
 */
export async function advance(
  session: Session,
  flows: readonly Pick<FlowRow, 'id'>[],
  times: ReadonlyMap<string | null, NextTime>,
  started: readonly ProtectionFlowExecution[],
): Promise<void> {
  const { sql, parameters } = nextTimes(times);
  if (started.length > 0)
    await session.write(
      `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
          SET ${sql}, f.total_executions = f.total_executions + 1, f.last_execution_id = e.id,
              f.last_execution_time = e.started_at, f.last_execution_status = 'running'
        WHERE e.id IN (${marks(started)})`,
      [...parameters, ...started.map(({ id }) => id)],
    );
  const begun = new Set(started.map(({ flow_id }) => flow_id));
  const others = flows.flatMap(({ id }) => (begun.has(id) ? [] : [id]));
  if (others.length > 0)
    await session.write(`UPDATE protection_flows f SET ${sql} WHERE f.id IN (${marks(others)})`, [
      ...parameters,
      ...others,
    ]);
}
