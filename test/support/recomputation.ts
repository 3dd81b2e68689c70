import { select, type Queryable } from '../../src/engine/server/queryable';

/** A flow's statistics, as they are stored. */
export interface StoredFlow {
  readonly id: string;
  readonly total_executions: number;
  readonly successful_executions: number;
  readonly failed_executions: number;
  readonly last_execution_id: string | null;
  readonly last_execution_status: string;
  readonly last_execution_time: Date | null;
}

/** A run, as far as it is counted and shown. */
export interface StoredRun {
  readonly id: string;
  readonly flow_id: string;
  readonly status: string;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
}

/** What runs that are gone have been counted as. */
export interface Counted {
  readonly total: number;
  readonly successful: number;
  readonly failed: number;
}

const nothing: Counted = { total: 0, successful: 0, failed: 0 };

const of = (runs: readonly StoredRun[], status: string): number =>
  runs.filter((run) => run.status === status && run.started_at !== null).length;

/** What these runs are counted as: those that began, and how those ended. */
function count(runs: readonly StoredRun[]): Counted {
  return {
    total: runs.filter((run) => run.started_at !== null).length,
    successful: of(runs, 'success'),
    failed: of(runs, 'error'),
  };
}

/** What is known of the times in the rows. */
export interface Clocks {
  /** False where a program of another time zone has written starts: which run began last is not known then. */
  readonly timesAreReal: boolean;
  /**
   * False where the hub has written them, which reads its clock more than once, and shows no time of a run that is under way.
   */
  readonly toTheSecond: boolean;
}

const hubsReadingsMs = 60_000;

/** Why the run that the flow shows is not its last one, or not as it is shown; null where all is well. */
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
  // Of a run that a late write has put back to running, the end stands there still
  const time = shown.status === 'running' ? shown.started_at : (shown.completed_at ?? shown.started_at);
  const isNear =
    flow.last_execution_time === null || time === null
      ? flow.last_execution_time === time || (!toTheSecond && shown.status === 'running')
      : Math.abs(flow.last_execution_time.getTime() - time.getTime()) <= (toTheSecond ? 0 : hubsReadingsMs);
  if (!isNear)
    return `shows ${String(flow.last_execution_time?.toISOString())} for ${String(time?.toISOString())}`;
  // The one under way is the one shown, also where another one began after it and is over
  if (shown.status === 'running') return null;
  const newest = Math.max(...begun.map((run) => run.started_at!.getTime()));
  // The server rounds what the hub writes up to the next second; what it writes itself it cuts off
  const roundedMs = toTheSecond ? 0 : 1_000;
  if (timesAreReal && shown.started_at !== null && shown.started_at.getTime() + roundedMs < newest)
    return 'shows a run that began before another one';
  return null;
}

/** Reads runs as they are stored. */
export const storedRuns = (session: Queryable): Promise<StoredRun[]> =>
  select<StoredRun>(
    session,
    'SELECT id, flow_id, status, started_at, completed_at FROM protection_flow_executions ORDER BY id',
  );

/** What those of the runs were counted as that are gone now, by flow; added to what was so before. */
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
 * The flows whose statistics are not what their runs say, with why: reckoned here from the rows, and by nothing that the
 * package has. The total counts the runs that began, the other two those of them that ended so; the run shown is the one
 * under way, or else the one that began last, with its state, and its end, or while it is under way its start.
 *
 * @param pruned what runs that are gone have been counted as, by flow
 */
export async function wrongFlows(
  session: Queryable,
  pruned: ReadonlyMap<string, Counted>,
  clocks: Clocks,
): Promise<Map<string, string>> {
  // In one transaction: what is compared has been there at the same time
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
