import { isDeepStrictEqual } from 'node:util';
import type { ExecutionStatus } from '../../src/domain';
import { select, type Queryable } from '../../src/engine/server/queryable';
import type { Model } from './random-histories-model';
import type { StoredFlow } from '../support/recomputation';

/** A stored run. */
export interface RunRow {
  readonly id: string;
  readonly flow_id: string;
  readonly status: ExecutionStatus;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly execution_time_seconds: number | null;
  readonly created_job_ids: string[] | string | null;
  readonly execution_metadata: unknown;
  readonly jobs_created: number;
  readonly jobs_completed: number;
  readonly jobs_failed: number;
  readonly jobs_skipped: number;
  readonly vms_processed: number;
  readonly bytes_transferred: number | string;
}

/** The values that are compared between model and database, by the id of the flow or run. */
export type View = Readonly<Record<string, unknown>>;

function viewOf(run: RunRow): unknown {
  const { status, created_job_ids, execution_metadata } = run;
  const parsed = <Value>(value: unknown): Value =>
    (typeof value === 'string' ? JSON.parse(value) : value) as Value;
  const metadata = parsed<{ starting_jobs?: unknown } | null>(execution_metadata);
  return {
    status,
    hasBegun: run.started_at !== null,
    isOver: run.completed_at !== null,
    hasDuration: run.execution_time_seconds !== null,
    jobs: parsed<string[] | null>(created_job_ids),
    jobs_created: run.jobs_created,
    isStarting: metadata?.starting_jobs !== undefined,
    counts: {
      jobs_completed: run.jobs_completed,
      jobs_failed: run.jobs_failed,
      jobs_skipped: run.jobs_skipped,
      vms_processed: run.vms_processed,
      bytes_transferred: Number(run.bytes_transferred),
    },
  };
}

/** Reads the flows and their runs from the database. */
export async function readState(
  session: Queryable,
  flowIds: readonly string[],
): Promise<{ runs: RunRow[]; view: View }> {
  const runs = await select<RunRow>(
    session,
    'SELECT * FROM protection_flow_executions WHERE flow_id IN (?) ORDER BY id',
    [flowIds],
  );
  const flows = await select<StoredFlow>(
    session,
    'SELECT * FROM protection_flows WHERE id IN (?) ORDER BY id',
    [flowIds],
  );
  const byId = new Map(runs.map((run) => [run.id, run]));
  const view: Record<string, unknown> = {};
  for (const flow of flows) {
    const last = byId.get(flow.last_execution_id ?? '');
    view[flow.id] = {
      total: flow.total_executions,
      successful: flow.successful_executions,
      failed: flow.failed_executions,
      last: flow.last_execution_id,
      lastStatus: flow.last_execution_status,
      isLastTime: isDeepStrictEqual(flow.last_execution_time, last?.completed_at ?? last?.started_at ?? null),
    };
  }
  for (const run of runs) view[run.id] = viewOf(run);
  return { runs, view };
}

/** Returns the flows and their runs from the model. */
export function stateOf(model: Model, flowIds: readonly string[], runIds: readonly string[]): View {
  const view: Record<string, unknown> = {};
  for (const [place, { total, successful, failed, last }] of model.flows.entries()) {
    const lastStatus = last === null ? 'pending' : model.runs[last]!.status;
    view[flowIds[place]!] = {
      total,
      successful,
      failed,
      last: last === null ? null : runIds[last],
      lastStatus,
      isLastTime: true,
    };
  }
  for (const [place, { status, hasBegun, jobs, isStarting, counts }] of model.runs.entries()) {
    const isOver = status !== 'pending' && status !== 'running';
    view[runIds[place]!] = {
      status,
      hasBegun,
      isOver,
      hasDuration: isOver && hasBegun,
      jobs,
      jobs_created: jobs?.length ?? 0,
      isStarting,
      counts,
    };
  }
  return view;
}

/** Describes each difference from the expected value; empty if there is none. */
export function differences(expected: unknown, found: unknown, what: string): string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
  if (!isObject(expected) || !isObject(found))
    return [`${what} should be ${JSON.stringify(expected)} and is ${JSON.stringify(found)}`];
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].flatMap((name) => differences(expected[name], found[name], `${what}'s ${name}`));
}
