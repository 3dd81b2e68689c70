import { describeDifference } from '../engine/schema/compare';
import { readStatus } from '../engine/migrate';
import { serverName } from '../engine/server/server';
import { checkSchema } from '../engine/verify/check-schema';
import { isProtectionFlowsError } from '../errors';
import { readAllFlows, readFlows, type FlowMetrics } from '../metrics/read-flows';
import { createRepositories, type FlowView, type Pause } from '../repositories';
import { defaultLateAfterMs } from '../repositories/due/audit';
import { selectExecutions } from '../repositories/executions/execution-list';
import { Session } from '../repositories/session';
import { idsOf, storedIds } from '../repositories/statements';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { readDay } from './read-day';
import { stripsReader } from './read-runs';
import { shareRead } from './shared-read';

/** The most flows that the page lists. */
const mostFlows = 10_000;
const mostRuns = 200;

async function readSchema(dataSource: ProtectionFlowsDataSource) {
  const { state, message, remedy, differences, database, server } = await checkSchema(dataSource);
  const { migrations, keys } = await readStatus(dataSource);
  const known = migrations.filter(({ status }) => status !== 'unknown');
  const named = (wanted: string): string[] =>
    keys.filter(({ status }) => status === wanted).map(({ name }) => name);
  return {
    ...{ database, server: serverName(server), state, message, remedy },
    differences: differences.map(describeDifference),
    migrations: {
      applied: known.filter(({ status }) => status === 'applied').length,
      known: known.length,
    },
    keys: { present: named('present'), deferred: named('deferred'), missing: named('missing') },
  };
}

/** Why somebody should look at a flow that runs by its schedule. Too long without success: twice its interval, as in docs/metrics.md. */
function troubleOf(metrics: FlowMetrics, now: Date): 'fault' | 'no success' | 'failed' | null {
  const { lastSuccess, expectedIntervalSeconds: every } = metrics;
  if (metrics.scheduleFault !== null) return 'fault';
  if (lastSuccess !== null && every !== null && now.getTime() - lastSuccess.getTime() > 2_000 * every)
    return 'no success';
  return metrics.last_execution_status === 'error' ? 'failed' : null;
}

/** A flow as the page shows it; a missing time is null. */
function flowPart(view: FlowView, metrics: FlowMetrics, pause: Pause | undefined, runs: string, now: Date) {
  const { overdueSince } = metrics;
  const isOff = !metrics.enabled || pause !== undefined;
  const isOverdue =
    !isOff && overdueSince !== null && now.getTime() - overdueSince.getTime() > defaultLateAfterMs;
  return {
    id: view.id,
    name: view.name,
    what: `${view.flow_type === 'backup' ? 'Backup' : 'Replication'} of ${view.target_name ?? view.target_id}`,
    schedule: view.schedule_name ?? view.schedule_id,
    enabled: metrics.enabled,
    next: view.next_execution_time,
    last: view.last_execution_status,
    lastAt: view.last_execution_time,
    success: metrics.lastSuccess,
    overdue: isOverdue ? overdueSince : null,
    trouble: isOff ? null : isOverdue ? 'overdue' : troubleOf(metrics, now),
    fault: metrics.scheduleFault,
    skips: metrics.skips,
    pause: pause === undefined ? null : { until: pause.until, note: pause.note, by: pause.by },
    /** The first letters of the statuses of the last twenty runs, newest first. */
    runs,
  };
}

/** A queued run, or a run under way. */
function runPart(
  run: Readonly<Record<'id' | 'flow_id' | 'execution_type' | 'triggered_by', string>>,
  since: Date,
) {
  const { id, flow_id: flow, execution_type: type, triggered_by: by } = run;
  return { id, flow, type, by, since };
}

/** Makes the reader of the page's state: a dozen statements, and one more for each hundred flows that have run since. */
export function stateReader(dataSource: ProtectionFlowsDataSource) {
  const session = new Session(dataSource.manager);
  const { flows, executions } = createRepositories(dataSource);
  const readStrips = stripsReader(session);
  const schema = shareRead(60_000, () => readSchema(dataSource));
  let now = new Date();
  const day = shareRead(30_000, () => readDay(session, now));

  async function readRunning() {
    const runs = await executions.listRunning({ limit: mostRuns });
    const progress = await executions.progress([...new Set(runs.map(({ flow_id }) => flow_id))]);
    return runs.map((run) => {
      const known = progress.get(run.flow_id);
      const isKnown = known?.executionId === run.id;
      return { ...runPart(run, run.started_at ?? run.created_at), progress: isKnown ? known : null };
    });
  }

  async function readQueue() {
    const tail = "WHERE e.status = 'pending' ORDER BY e.created_at, e.id LIMIT ?";
    const runs = await selectExecutions(session, tail, [mostRuns]);
    return runs.map((run) => runPart(run, run.created_at));
  }

  async function readTables() {
    const { at, ...all } = await readAllFlows(session);
    const metrics = new Map((await readFlows(session, undefined, mostFlows, at)).map((one) => [one.id, one]));
    const views = (await flows.list({}, { limit: null })).items;
    const pauses = new Map((await flows.listPaused({ limit: mostFlows })).map((one) => [one.flowId, one]));
    const strips = await readStrips(views);
    const [running, queue] = [await readRunning(), await readQueue()];
    const runs = [...running, ...queue].map(({ flow }) => flow);
    const stored = await storedIds(session, 'protection_flows', runs, idsOf(views));
    const named = <Run extends { readonly flow: string }>(some: readonly Run[]): Run[] =>
      some.map((run) => ({ ...run, flow: stored.get(run.flow) ?? run.flow }));
    now = at;
    return {
      all,
      // A flow that was made or deleted between two statements appears at the next read
      flows: views.flatMap((view) => {
        const one = metrics.get(view.id);
        return one === undefined
          ? []
          : [flowPart(view, one, pauses.get(view.id), strips.get(view.id) ?? '', at)];
      }),
      running: named(running),
      queue: named(queue),
      day: await day.get(),
      at,
    };
  }

  return async () => {
    const of = await schema.get();
    try {
      return { schema: of, ...(await readTables()) };
    } catch (error) {
      if (!isProtectionFlowsError(error, 'MIGRATION_PENDING')) throw error;
      // The tables are missing, and the server's clock was not read
      schema.forget();
      return { schema: of, all: null, flows: [], running: [], queue: [], day: null, at: null };
    }
  };
}
