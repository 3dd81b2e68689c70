import { select, type Queryable } from '../../../src/engine/server/queryable';

/** The rows after a step, in the model's words. */
export type SeenState = Readonly<Record<string, string>>;

const statusesIn = ({ runs = '' }: SeenState): string[] => runs.split(',');
const isOver = (status: string | undefined): boolean =>
  ['success', 'error', 'cancelled'].includes(status ?? '');
const count = (state: SeenState, status: string): number =>
  statusesIn(state).filter((one) => one === status).length;

/** Counts the decisions about due times: a run, or a skip. */
async function decisions(admin: Queryable): Promise<number> {
  const [row] = await select<{ n: number | string }>(
    admin,
    `SELECT (SELECT COUNT(*) FROM protection_flow_executions WHERE execution_type = 'scheduled')
          + (SELECT COALESCE(SUM(runs), 0) FROM sendense_flow_skip_totals) AS n`,
  );
  return Number(row?.n);
}

/** True if the reaper ended a run that had sent a heartbeat. */
async function reapedAlive(admin: Queryable): Promise<boolean> {
  const rows = await select(
    admin,
    `SELECT id FROM protection_flow_executions WHERE error_message LIKE 'Gave no sign of life%'
        AND JSON_EXTRACT(execution_metadata, '$.heartbeat_at') IS NOT NULL`,
  );
  return rows.length > 0;
}

/** True if the flow's counters differ from a count of its runs. */
async function countedOtherwise(admin: Queryable): Promise<boolean> {
  const rows = await select(
    admin,
    `SELECT f.id FROM protection_flows f WHERE (f.total_executions, f.successful_executions, f.failed_executions) <> (
        SELECT COUNT(e.started_at), COALESCE(SUM(e.status = 'success'), 0), COALESCE(SUM(e.status = 'error' AND e.started_at IS NOT NULL), 0)
          FROM protection_flow_executions e WHERE e.flow_id = f.id)`,
  );
  return rows.length > 0;
}

/** The traces of a replay, from which {@link isBroken} decides. */
export interface Played {
  readonly admin: Queryable;
  /** The rows after each step, in order. */
  readonly states: readonly SeenState[];
  /** How many times the flow became due. */
  readonly times: number;
  readonly waits: number;
  /** How many callers were told that they ended each run. */
  readonly enders: readonly number[];
}

/** For each formula of the model: whether it is broken on the server, judged by the rows. */
export const isBroken: Readonly<Record<string, (played: Played) => boolean | Promise<boolean>>> = {
  one_run: ({ states }) => states.some((state) => count(state, 'running') > 1),
  claimed_once: async ({ admin, times }) => (await decisions(admin)) > times,
  together: async ({ admin, times, states }) =>
    states.at(-1)?.due === '1' && (await decisions(admin)) >= times,
  never_left: ({ states }) =>
    states.some((state, at) =>
      statusesIn(states[at - 1] ?? state).some(
        (before, run) => isOver(before) && statusesIn(state)[run] !== before,
      ),
    ),
  one_winner: ({ enders }) => Math.max(...enders) > 1,
  counted_once: ({ admin }) => countedOtherwise(admin),
  life_saves: ({ admin }) => reapedAlive(admin),
  nobody_waits: ({ waits }) => waits > 0,
};
