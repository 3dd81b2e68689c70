import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import type { TerminalStatus } from '../../../src';
import { claimLimit, type Contestant, type Given, type RunSeen } from './contestant';
import type { Settings } from './package';

class Refusal extends Error {}

type Query = <Row extends object>(sql: string, ...parameters: readonly unknown[]) => Promise<Row[]>;

interface RunRow {
  readonly id: string;
  readonly flow_id: string;
  readonly status: string;
  readonly created_job_ids: string | readonly string[] | null;
  readonly vms_processed: number;
}

const runs = 'SELECT id, flow_id, status, created_job_ids, vms_processed FROM protection_flow_executions';

const jobsIn = (stored: RunRow['created_job_ids']): readonly string[] =>
  typeof stored === 'string' ? (JSON.parse(stored) as string[]) : (stored ?? []);

const seen = (row: RunRow): RunSeen => ({
  id: row.id,
  flow: row.flow_id,
  status: row.status,
  jobs: jobsIn(row.created_job_ids),
  machines: row.vms_processed,
});

/**
 * A data layer with mysql2 alone, written as if nobody else used the database: each call reads, decides, and writes the result,
 * in a transaction without locking reads.
 */
export function connectNaive({ hosts, username, password, database }: Settings): Contestant {
  const pools = hosts.map(({ host, port }): Pool =>
    createPool({ host, port, user: username, password, database, timezone: 'Z', connectTimeout: 5_000 }),
  );
  let at = 0;

  const inTransaction = async <Result>(work: (query: Query) => Promise<Result>): Promise<Result> => {
    let connection: PoolConnection;
    try {
      connection = await pools[at % pools.length]!.getConnection();
    } catch (error) {
      at += 1;
      throw new Refusal('not connected', { cause: error });
    }
    try {
      await connection.beginTransaction();
      const result = await work(
        async <Row extends object>(sql: string, ...parameters: readonly unknown[]) => {
          const [rows] = await connection.query<RowDataPacket[]>(sql, parameters as unknown[]);
          return rows as unknown as Row[];
        },
      );
      await connection.commit();
      connection.release();
      return result;
    } catch (error) {
      const isRolledBack = await connection.rollback().then(
        () => true,
        () => false,
      );
      if (!isRolledBack) at += 1;
      connection.destroy();
      const isLost = [1205, 1213].includes((error as { errno?: number }).errno ?? 0);
      throw isLost ? new Refusal('lost to another', { cause: error }) : error;
    }
  };

  const read = async (query: Query, run: string): Promise<RunSeen> => {
    const [row] = await query<RunRow>(`${runs} WHERE id = ?`, run);
    if (row === undefined) throw new Refusal('no such run');
    return seen(row);
  };
  const count = async (query: Query, flow: string, counter: string): Promise<void> => {
    const [row] = await query<{ n: number }>(
      `SELECT ${counter} AS n FROM protection_flows WHERE id = ?`,
      flow,
    );
    await query(`UPDATE protection_flows SET ${counter} = ? WHERE id = ?`, Number(row?.n) + 1, flow);
  };
  const isBusy = async (query: Query, flow: string): Promise<boolean> =>
    (await query(`${runs} WHERE flow_id = ? AND status = 'running'`, flow)).length > 0;
  const insert = (query: Query, id: string, flow: string, status: string): Promise<object[]> =>
    query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at)
       VALUES (?, ?, ?, 'api', ${status === 'running' ? 'CURRENT_TIMESTAMP' : 'NULL'})`,
      id,
      flow,
      status,
    );
  const append = async (query: Query, run: string, jobs: readonly string[]): Promise<boolean> => {
    const { status, jobs: before } = await read(query, run);
    if (status !== 'pending' && status !== 'running') return false;
    const all = JSON.stringify([...before, ...jobs]);
    await query('UPDATE protection_flow_executions SET created_job_ids = ? WHERE id = ?', all, run);
    return true;
  };
  const end = async (query: Query, run: string, status: TerminalStatus): Promise<boolean> => {
    const { flow, status: before } = await read(query, run);
    if (before !== 'running' && !(before === 'pending' && status === 'cancelled')) return false;
    await query(
      'UPDATE protection_flow_executions SET status = ?, completed_at = CURRENT_TIMESTAMP WHERE id = ?',
      status,
      run,
    );
    if (status === 'success') await count(query, flow, 'successful_executions');
    if (status === 'error') await count(query, flow, 'failed_executions');
    return true;
  };

  return {
    migrate: () => Promise.resolve([]),
    start: (id, flow) =>
      inTransaction(async (query) => {
        if (await isBusy(query, flow)) throw new Refusal('still running');
        await insert(query, id, flow, 'running');
        await count(query, flow, 'total_executions');
      }),
    enqueue: (id, flow) => inTransaction(async (query) => void (await insert(query, id, flow, 'pending'))),
    recordJobs: (run, jobs) => inTransaction((query) => append(query, run, jobs)),
    recordTogether: (jobs) =>
      inTransaction(async (query) => {
        const recorded: boolean[] = [];
        for (const [run, job] of jobs) recorded.push(await append(query, run, [job]));
        return recorded;
      }),
    progress: (run, machines) =>
      inTransaction(async (query) => {
        const { status, machines: before } = await read(query, run);
        if (status !== 'running') return false;
        const most = Math.max(before, machines);
        await query('UPDATE protection_flow_executions SET vms_processed = ? WHERE id = ?', most, run);
        return true;
      }),
    finish: (run, status) => inTransaction((query) => end(query, run, status)),
    cancel: (run) => inTransaction((query) => end(query, run, 'cancelled')),
    settle: (run, states) =>
      inTransaction(async (query) => {
        const { status, jobs } = await read(query, run);
        if (status !== 'running') return { status, settled: false, machines: 0 };
        const areDone = jobs.every((job) => states.get(job) === 'completed');
        const outcome = jobs.length === 0 ? 'warning' : areDone ? 'success' : 'error';
        return { status: outcome, settled: await end(query, run, outcome), machines: 0 };
      }),
    claimDue: () =>
      inTransaction(async (query) => {
        const due = await query<{ id: string; next_execution_time: Date }>(
          'SELECT id, next_execution_time FROM protection_flows WHERE next_execution_time <= CURRENT_TIMESTAMP ORDER BY next_execution_time, id LIMIT ?',
          claimLimit,
        );
        const [claimed, skipped]: [Given[], { flow: string; dueAt: Date }[]] = [[], []];
        for (const { id: flow, next_execution_time: dueAt } of due) {
          await query('UPDATE protection_flows SET next_execution_time = NULL WHERE id = ?', flow);
          if (await isBusy(query, flow)) {
            skipped.push({ flow, dueAt });
            continue;
          }
          const run = crypto.randomUUID();
          await insert(query, run, flow, 'running');
          await count(query, flow, 'total_executions');
          claimed.push({ run, flow, dueAt });
        }
        return { claimed, queued: [], skipped };
      }),
    claimQueued: () =>
      inTransaction(async (query) => {
        const waiting = await query<RunRow>(
          `${runs} WHERE status = 'pending' ORDER BY created_at, id LIMIT ?`,
          claimLimit,
        );
        const taken: Given[] = [];
        for (const { id: run, flow_id: flow } of waiting) {
          if (await isBusy(query, flow)) continue;
          await query(
            `UPDATE protection_flow_executions SET status = 'running', started_at = CURRENT_TIMESTAMP WHERE id = ?`,
            run,
          );
          await count(query, flow, 'total_executions');
          taken.push({ run, flow, dueAt: null });
        }
        return taken;
      }),
    get: (run) => inTransaction((query) => read(query, run)),
    latest: (flows) =>
      inTransaction(async (query) => {
        const rows = await query<RunRow>(
          `${runs} e WHERE e.flow_id IN (?) AND e.status = 'running' ORDER BY e.created_at DESC LIMIT 10`,
          flows,
        );
        return rows.map(seen);
      }),
    flow: (id) =>
      inTransaction(async (query) => {
        const [row] = await query<{ total: number; successful: number; failed: number }>(
          `SELECT total_executions AS total, successful_executions AS successful, failed_executions AS failed
             FROM protection_flows WHERE id = ?`,
          id,
        );
        return row!;
      }),
    isRefusal: (error) => error instanceof Refusal,
    close: async () => void (await Promise.all(pools.map((pool) => pool.end()))),
  };
}
