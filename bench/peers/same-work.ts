import { deepStrictEqual } from 'node:assert';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Peer } from '../data/contestants/contestant';
import { latestFlows } from '../data/data-set';
import { endClaimed, makeDue, newFlow } from '../data/shared-turns';
import { flowCount, flowId } from '../support/rows';
import { claimed } from './operations';

/** Flows that the measured operations do not reach for long. */
const spare = (n: number): string => flowId(flowCount - 1 - n);

/** The run that all contestants have to write; times only count as present or missing. */
const runColumns = `e.status, e.execution_type, e.triggered_by, e.jobs_completed, e.bytes_transferred,
  e.started_at IS NOT NULL AS began, e.completed_at IS NOT NULL AS ended, e.execution_time_seconds IS NOT NULL AS timed,
  JSON_VALUE(e.execution_metadata, '$.phase') AS phase, JSON_VALUE(e.execution_metadata, '$.worker') AS worker`;
const flowColumns = `f.last_execution_status, f.last_execution_id = e.id AS shown, f.last_execution_time IS NOT NULL AS told,
  f.next_execution_time > CURRENT_TIMESTAMP AS goes_on`;

/** The rows that a contestant's writes leave behind, step by step. */
async function effectsOf(one: Peer, name: string, n: number, session: Connection): Promise<unknown> {
  const rows = async (sql: string, values: unknown[]): Promise<unknown[]> =>
    (await session.query<RowDataPacket[]>(sql, values as string[]))[0].map((row) => ({ ...row }));
  const flow = spare(100 + n);
  const counters = async (): Promise<number[]> => {
    const counts = 'SELECT total_executions, successful_executions FROM protection_flows WHERE id = ?';
    return Object.values((await rows(counts, [flow]))[0] as Record<string, number>);
  };
  const before = await counters();
  const run = await one.start(flow);
  const state = () =>
    rows(
      `SELECT ${runColumns}, ${flowColumns} FROM protection_flow_executions e
         JOIN protection_flows f ON f.id = e.flow_id WHERE e.id = ?`,
      [run],
    );
  const started = await state();
  await one.progress(run, { jobs: 3, bytes: 4096 });
  const progressed = await state();
  await one.finish(run, { jobs: 5, bytes: 8192 });
  const finished = await state();
  const counted = (await counters()).map((count, at) => count - (before[at] ?? 0));
  const created = await rows(
    `SELECT flow_type, target_type, target_id, repository_id, policy_id, schedule_id, enabled, total_executions,
       last_execution_status, next_execution_time > CURRENT_TIMESTAMP AS goes_on FROM protection_flows WHERE id = ?`,
    [await one.create(newFlow(`Created to compare by ${name}`, 3))],
  );
  return { started, progressed, finished, counted, created, claims: await claimOf(one, n, session) };
}

async function claimOf(one: Peer, n: number, session: Connection): Promise<unknown> {
  const due = Array.from({ length: claimed }, (_, at) => spare(200 + n * claimed + at));
  await makeDue(session, due);
  const ids = await one.claimDue(claimed);
  const [states] = await session.query<RowDataPacket[]>(
    `SELECT DISTINCT ${runColumns}, ${flowColumns} FROM protection_flow_executions e
       JOIN protection_flows f ON f.id = e.flow_id WHERE e.status = 'running' AND e.triggered_by = 'bench'`,
  );
  const [[runs]] = await session.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count FROM protection_flow_executions WHERE status = 'running' AND triggered_by = 'bench'`,
  );
  await endClaimed(session);
  const wanted = new Set(due);
  return {
    states: states.map((row) => ({ ...row })),
    runs: runs?.count,
    own: ids.every((id) => wanted.has(id)),
  };
}

const questions: Readonly<Record<string, (one: Peer) => Promise<unknown> | undefined>> = {
  get: (one) => one.get(spare(0)),
  'get of a group': (one) => one.get(spare(5)),
  'get of a replication': (one) => one.get(spare(2)),
  list: (one) => one.list(50),
  history: (one) => one.history(spare(0), 10),
  latest: (one) => one.latest?.(latestFlows),
};

/** Throws unless a contestant gives the same answers, and leaves the same rows, as the floor. */
export async function assertSameWork(
  contestants: Readonly<Record<string, Peer>>,
  session: Connection,
): Promise<void> {
  const [[floorName, floor], ...others] = Object.entries(contestants) as [
    [string, Peer],
    ...[string, Peer][],
  ];
  for (const [question, ask] of Object.entries(questions)) {
    const wanted = await ask(floor);
    for (const [name, one] of others) {
      if (question === 'latest' && one.latest === undefined) continue;
      deepStrictEqual(await ask(one), wanted, `${name} answers ${question} otherwise`);
    }
  }
  const wanted = await effectsOf(floor, floorName, 0, session);
  for (const [at, [name, one]] of others.entries())
    deepStrictEqual(await effectsOf(one, name, at + 1, session), wanted, `${name} writes otherwise`);
}
