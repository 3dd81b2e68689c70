import type { FlowRow } from '../entities';
import { createRepositories } from '../repositories';
import { historyIndex } from '../repositories/pages';
import { Session } from '../repositories/session';
import { chunks, withIndex } from '../repositories/statements';
import { statisticsColumns } from '../statistics/meaning';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';

const runsShown = 20;
const askedAtOnce = 100;
/** How often all runs are read again: a recount or a prune may change runs without changing their flow. */
const forgetAfterMs = 600_000;

interface Run {
  readonly flow: number;
  readonly letter: string;
}

/** Selects a flow's latest runs that began, as the first letters of their statuses. `flow` is a position: a run may spell the flow's id differently. */
const newestOf = (flow: number, hint: string): string =>
  `(SELECT ${flow} AS flow, SUBSTR(e.status, 1, 1) AS letter, e.created_at, e.id FROM protection_flow_executions e ${hint}
     WHERE e.flow_id = ? AND e.started_at IS NOT NULL ORDER BY e.created_at DESC, e.id DESC LIMIT ${runsShown})`;

/**
 * Makes a reader of flows' last runs. It caches them, and reads again only flows whose counters or last run have changed, a
 * hundred per statement. It never reads more of a history than the page shows.
 *
 * @returns the letters of each flow's runs by the flow's id, newest first
 */
export function stripsReader(session: Session): (flows: readonly FlowRow[]) => Promise<Map<string, string>> {
  let strips = new Map<string, { readonly mark: string; readonly letters: string }>();
  let forgetAt = 0;
  return async (flows) => {
    if (performance.now() > forgetAt) {
      strips = new Map();
      forgetAt = performance.now() + forgetAfterMs;
    }
    const markOf = (flow: FlowRow): string => JSON.stringify(statisticsColumns.map((name) => flow[name]));
    const changed = flows.filter((flow) => strips.get(flow.id)?.mark !== markOf(flow));
    for (const part of chunks(changed, askedAtOnce)) {
      const ids = part.map(({ id }) => id);
      const all = (hint: string): string =>
        `${ids.map((_, flow) => newestOf(flow, hint)).join(' UNION ALL ')} ORDER BY created_at DESC, id DESC`;
      const letters = ids.map(() => '');
      for (const { flow, letter } of await withIndex<Run>(session, historyIndex, all, ids))
        letters[flow] += letter;
      for (const [at, flow] of part.entries())
        strips.set(flow.id, { mark: markOf(flow), letters: letters[at]! });
    }
    return new Map(flows.map(({ id }) => [id, strips.get(id)!.letters]));
  };
}

const dayMs = 86_400_000;

/**
 * Reads the details of one flow: its last runs, and the runs of the last 24 hours that were not on time.
 *
 * @throws FLOW_NOT_FOUND, MIGRATION_PENDING, VALIDATION_FAILED
 */
export async function readFlow(dataSource: ProtectionFlowsDataSource, id: string) {
  const { executions, dueFlows } = createRepositories(dataSource);
  const now = await new Session(dataSource.manager).now();
  const audit = await dueFlows.audit({ since: new Date(now.getTime() - dayMs), flow_id: id });
  const flow = audit.flows[0]!;
  const { items } = await executions.history(flow.id, { limit: runsShown });
  return {
    runs: items.map((run) => ({
      id: run.id,
      status: run.status,
      type: run.execution_type,
      by: run.triggered_by,
      at: run.started_at ?? run.created_at,
      seconds: run.execution_time_seconds,
      bytes: run.bytes_transferred,
      error: run.error_message,
    })),
    audit: flow.runs.filter(({ finding }) => finding !== 'on-time').slice(-20),
  };
}
