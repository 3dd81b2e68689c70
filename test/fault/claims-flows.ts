import type { Queryable } from '../../src/engine/server/queryable';
import { createSchedule } from '../../src/testing';
import { numbers } from './completions-sources';

/** Flows to insert in one statement. */
export interface FlowBatch {
  /** Prefix of their ids; a number of five digits follows, from 00000. */
  readonly prefix: string;
  readonly count: number;
  /** When they are due; null: never. */
  readonly due?: Date | null;
  readonly schedule_id?: string | null;
  readonly enabled?: boolean;
}

/** A schedule that fires once a year, so that a claimed flow is not due again during the test. */
export async function yearlySchedule(session: Queryable): Promise<string> {
  return (await createSchedule(session, { cron_expression: '0 0 1 1 *' })).id;
}

/** Inserts flows in one statement and returns their ids. */
export async function insertFlows(session: Queryable, batch: FlowBatch): Promise<string[]> {
  const { prefix, count, due = null, schedule_id = null, enabled = true } = batch;
  await session.query(
    `INSERT INTO protection_flows
       (id, name, flow_type, target_type, target_id, destination_type, schedule_id, enabled, next_execution_time)
     SELECT CONCAT(?, LPAD(n, 5, '0')), CONCAT('Flow ', ?, n), 'replication', 'vm', 'ctx-web', 'ossea', ?, ?, ?
       FROM ${numbers(count)}`,
    [prefix, prefix, schedule_id, enabled, due],
  );
  return Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(5, '0')}`);
}

/** Gives each flow a running run, as the repositories would begin it, and returns the runs' ids. */
export async function insertRunning(session: Queryable, flowIds: readonly string[]): Promise<string[]> {
  const rows = flowIds.map((id) => [`${id}-before`, id, 'running', 'manual', new Date(Date.now() - 60_000)]);
  await session.query(
    'INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at) VALUES ?',
    [rows],
  );
  await session.query(
    `UPDATE protection_flows f JOIN protection_flow_executions e ON e.flow_id = f.id AND e.status = 'running'
        SET f.total_executions = f.total_executions + 1, f.last_execution_id = e.id,
            f.last_execution_status = 'running', f.last_execution_time = e.started_at
      WHERE f.id IN (?)`,
    [flowIds],
  );
  return rows.map(([id]) => id as string);
}

/** Returns a source of numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
