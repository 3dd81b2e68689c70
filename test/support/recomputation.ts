import { select, type Queryable } from '../../src/engine/server/queryable';

/** The stored statistics of a flow. */
export interface StoredFlow {
  readonly id: string;
  readonly total_executions: number;
  readonly successful_executions: number;
  readonly failed_executions: number;
  readonly last_execution_id: string | null;
  readonly last_execution_status: string;
  readonly last_execution_time: Date | null;
}

/** The columns of a run that the statistics depend on. */
export interface StoredRun {
  readonly id: string;
  readonly flow_id: string;
  readonly status: string;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
}

/** The counts of runs that were deleted. */
export interface Counted {
  readonly total: number;
  readonly successful: number;
  readonly failed: number;
}

const nothing: Counted = { total: 0, successful: 0, failed: 0 };

const of = (runs: readonly StoredRun[], status: string): number =>
  runs.filter((run) => run.status === status && run.started_at !== null).length;

/** Counts these runs: those that began, and how they ended. */
function count(runs: readonly StoredRun[]): Counted {
  return {
    total: runs.filter((run) => run.started_at !== null).length,
    successful: of(runs, 'success'),
    failed: of(runs, 'error'),
  };
}

/** How far the times in the rows can be trusted. */
export interface Clocks {
  /** False if a program in another time zone has written starts: the run that began last is unknown then. */
  readonly timesAreReal: boolean;
  /**
   * False if the hub has written them: it reads its clock more than once, and shows no time for a run under way.
   */
  readonly toTheSecond: boolean;
}

const hubsReadingsMs = 60_000;

/** Returns what is wrong with the flow's last run, or with how the flow shows it; null if nothing is. */
function wrongLast(
  flow: StoredFlow,
  runs: readonly StoredRun[],
  { timesAreReal, toTheSecond }: Clocks,
): string | null {
  const begun = runs.filter((run) => run.started_at !== null);
  const shown = runs.find((run) => run.id === flow.last_execution_id);
  if (shown === undefined) {
    if (flow.last_execution_id !== null) return 'shows a run that is not there';
    if (begun.length > 0) return 'shows no run';
    return flow.last_execution_status === 'pending' && flow.last_execution_time === null
      ? null
      : 'shows a state of no run';
  }
  if (shown.status !== flow.last_execution_status)
    return `shows ${flow.last_execution_status} for a run that is ${shown.status}`;
  if (shown.status !== 'running' && runs.some((run) => run.status === 'running'))
    return 'shows another run than the one under way';
  // A run that a late write has set back to running still has an end
  const time = shown.status === 'running' ? shown.started_at : (shown.completed_at ?? shown.started_at);
  const isNear =
    flow.last_execution_time === null || time === null
      ? flow.last_execution_time === time || (!toTheSecond && shown.status === 'running')
      : Math.abs(flow.last_execution_time.getTime() - time.getTime()) <= (toTheSecond ? 0 : hubsReadingsMs);
  if (!isNear)
    return `shows ${String(flow.last_execution_time?.toISOString())} for ${String(time?.toISOString())}`;
  // A run under way is shown, even if another run began after it and has ended
  if (shown.status === 'running') return null;
  const newest = Math.max(...begun.map((run) => run.started_at!.getTime()));
  // The server rounds the hub's times to whole seconds, but truncates its own
  const roundedMs = toTheSecond ? 0 : 1_000;
  if (timesAreReal && shown.started_at !== null && shown.started_at.getTime() + roundedMs < newest)
    return 'shows a run that began before another one';
  return null;
}

/** Reads the stored runs. */
export const storedRuns = (session: Queryable): Promise<StoredRun[]> =>
  select<StoredRun>(
    session,
    'SELECT id, flow_id, status, started_at, completed_at FROM protection_flow_executions ORDER BY id',
  );

/** By flow: adds the counts of the runs that are missing now to the counts of runs deleted before. */
export function addPruned(
  pruned: ReadonlyMap<string, Counted>,
  before: readonly StoredRun[],
  now: readonly StoredRun[],
): Map<string, Counted> {
  const there = new Set(now.map((run) => run.id));
  const sums = new Map(pruned);
  for (const run of before) {
    if (there.has(run.id)) continue;
    const [sum, one] = [sums.get(run.flow_id) ?? nothing, count([run])];
    sums.set(run.flow_id, {
      total: sum.total + one.total,
      successful: sum.successful + one.successful,
      failed: sum.failed + one.failed,
    });
  }
  return sums;
}

/**
 * Returns the flows with wrong statistics, each with the reason. It computes from the rows, without any code of the package. The
 * total must count the runs that began, the other two those that ended with success or error. The flow must show the run under
 * way, otherwise the one that began last, with its status and its end (its start while it is under way).
 *
 * @param pruned by flow: the counts of runs that were deleted
 */
export async function wrongFlows(
  session: Queryable,
  pruned: ReadonlyMap<string, Counted>,
  clocks: Clocks,
): Promise<Map<string, string>> {
  // In one transaction, so that the compared rows are of the same instant
  await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const flows = await select<StoredFlow>(session, 'SELECT * FROM protection_flows ORDER BY id');
  const runs = await storedRuns(session);
  await session.query('COMMIT');
  const wrong = new Map<string, string>();
  for (const flow of flows) {
    const its = runs.filter((run) => run.flow_id === flow.id);
    const now = count(its);
    const before = pruned.get(flow.id) ?? nothing;
    const faults = (['total', 'successful', 'failed'] as const).flatMap((name) => {
      const right = now[name] + before[name];
      const stored = flow[`${name}_executions`];
      return stored === right ? [] : [`counts ${stored} ${name}, of which there are ${right}`];
    });
    const last = wrongLast(flow, its, clocks);
    if (last !== null) faults.push(last);
    if (faults.length > 0) wrong.set(flow.id, faults.join('; '));
  }
  return wrong;
}
