import mysql2 from 'mysql2';
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src';
import type { Flavour } from '../../../src/engine/server/server';
import { serverOf } from '../../../src/testing/connection-url';
import { loadShipped } from '../../support/shipped';
import type { Contestant, Done } from './contestant';
import { sql } from './floor-sql';

type Value = string | number | boolean | Date | null | undefined;
type Query = <Answer extends RowDataPacket[] | ResultSetHeader>(
  text: string,
  values?: Value[],
) => Promise<Answer>;

/** A mysql2 pool with this package's session settings and conversions of values. */
export function rawPool(url: string): Pool {
  const { host, port, username: user, password } = serverOf(url);
  const { withSessionSettings } = loadShipped();
  const pool = withSessionSettings(mysql2).createPool({
    host,
    port,
    user,
    password,
    database: decodeURIComponent(new URL(url).pathname.slice(1)),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    stringifyObjects: true,
    trace: false,
    connectionLimit: 10,
  });
  return pool.promise();
}

/**
 * mysql2 alone, which sends the same statements as this package, with parameters, and does nothing else: no validation,
 * no objects made of rows, no next time computed, no retry after a deadlock.
 */
export class Floor implements Contestant {
  private readonly pool: Pool;
  private readonly tomorrow = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);

  /**
   * @param flavour of the server; only the creation of flows needs it
   * @param tell gets every statement; not given when measuring
   */
  constructor(
    url: string,
    private readonly flavour: Flavour = 'mariadb',
    private readonly tell?: (text: string) => void,
  ) {
    this.pool = rawPool(url);
  }

  async get(id: string): Promise<(string | null)[]> {
    const [row] = await this.query<RowDataPacket[]>(sql.get, [id]);
    return [
      row!.name,
      row!.schedule_name,
      row!.repository_name,
      row!.policy_name,
      row!.vm_name ?? row!.group_name,
    ];
  }

  async list(limit: number): Promise<(string | null)[]> {
    const rows = await this.query<RowDataPacket[]>(sql.list, [limit + 1]);
    return rows.slice(0, limit).map((row) => row.vm_name ?? row.group_name);
  }

  async history(flowId: string, limit: number): Promise<string[]> {
    const rows = await this.query<RowDataPacket[]>(sql.history, [flowId, limit + 1]);
    return rows.slice(0, limit).map((row) => row.id as string);
  }

  start(flowId: string): Promise<string> {
    return this.transaction(async (query) => {
      const id = uuidv7();
      const [flow] = await query<RowDataPacket[]>(sql.lockFlow, [flowId]);
      const at = flow!.at as Date;
      await query<RowDataPacket[]>(sql.running, [flowId]);
      await query(sql.insertRun, [id, flowId, 'api', 'bench', null, null, 'running', at, at]);
      await query(sql.showRun, [id, at, flowId]);
      return id;
    });
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.query(sql.progress, [jobs, bytes, '{"phase":"copying"}', executionId]);
  }

  async finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    const answer = await this.query<ResultSetHeader>(sql.finish, [
      'success',
      jobs,
      bytes,
      'success',
      executionId,
      'running',
    ]);
    if (answer.affectedRows === 0) throw new Error('was over already');
  }

  async setEnabled(flowId: string, enabled: boolean): Promise<void> {
    const [was] = await this.query<RowDataPacket[]>(sql.times, [flowId]);
    const schedule = was!.schedule_id as string | null;
    if (enabled && schedule !== null) await this.query(sql.schedules(1), [schedule]);
    const next = enabled ? this.tomorrow : null;
    await this.query(sql.setEnabled, [schedule, enabled, next, enabled, flowId, schedule, was!.enabled]);
    await this.query(sql.planned, [flowId]);
    await this.query(sql.timetables(1), [flowId]);
    const [rule] = await this.query<RowDataPacket[]>(sql.schedules(1), [schedule]);
    const state = enabled ? 'on' : 'flow-disabled';
    const kept = [schedule, rule?.cron_expression, rule?.timezone] as string[];
    await this.transaction(async (query) => {
      await query(sql.holdFlow, [flowId]);
      await query(sql.keepTimetable, [flowId, was!.now as Date, state, ...kept]);
    });
    await this.query(sql.get, [flowId]);
  }

  async create(flow: NewFlow): Promise<string> {
    const id = uuidv7();
    await this.query(sql.schedules(1), [flow.schedule_id]);
    await this.query(this.flavour === 'mariadb' ? sql.insertFlowReturning : sql.insertFlow, [
      flow.name,
      flow.flow_type,
      flow.target_type,
      flow.target_id,
      flow.repository_id,
      flow.policy_id,
      flow.schedule_id,
      id,
      this.tomorrow,
    ]);
    if (this.flavour !== 'mariadb') await this.query(sql.readFlow, [id]);
    return id;
  }

  async findRunningByJob(jobId: string): Promise<string | null> {
    const [row] = await this.query<RowDataPacket[]>(sql.runningByJob, [JSON.stringify(jobId)]);
    return (row?.id as string | undefined) ?? null;
  }

  async claimDue(limit: number): Promise<string[]> {
    return this.transaction(async (query) => {
      const due = await query<RowDataPacket[]>(sql.lockDue, [limit]);
      if (due.length === 0) return [];
      const ids = due.map((flow) => flow.id as string);
      const at = due[0]!.at as Date;
      const schedules = [...new Set(due.map((flow) => flow.schedule_id as string))];
      await query(sql.schedules(schedules.length), schedules);
      await query(sql.active(ids.length), ids);
      await query(sql.paused(ids.length), [...ids, at]);
      const runs = ids.map((flowId) => ({ id: uuidv7(), flowId }));
      const metadata = JSON.stringify({ worker: 'bench', due_at: '2025-11-24T02:00:00.000Z' });
      await query(
        sql.insertRuns(runs.length),
        runs.flatMap(({ id, flowId }) => [id, flowId, 'running', 'scheduled', at, at, 'bench', metadata]),
      );
      await query(sql.advance(schedules.length, runs.length), [
        ...schedules.flatMap((schedule) => [schedule, this.tomorrow]),
        ...runs.map(({ id }) => id),
      ]);
      await query(sql.timetables(ids.length), ids);
      return ids;
    }, 'READ COMMITTED');
  }

  async release(): Promise<void> {
    await this.pool.end();
  }

  private readonly query: Query = async <Answer extends RowDataPacket[] | ResultSetHeader>(
    text: string,
    values?: Value[],
  ): Promise<Answer> => {
    this.tell?.(text);
    const [answer] = await this.pool.query<Answer>(text, values);
    return answer;
  };

  private async transaction<Result>(
    work: (query: Query) => Promise<Result>,
    isolation?: string,
  ): Promise<Result> {
    const connection: PoolConnection = await this.pool.getConnection();
    const query: Query = async <Answer extends RowDataPacket[] | ResultSetHeader>(
      text: string,
      values?: Value[],
    ): Promise<Answer> => {
      this.tell?.(text);
      const [answer] = await connection.query<Answer>(text, values);
      return answer;
    };
    try {
      if (isolation) await query(`SET TRANSACTION ISOLATION LEVEL ${isolation}`);
      await query('START TRANSACTION');
      const result = await work(query);
      await query('COMMIT');
      return result;
    } finally {
      connection.release();
    }
  }
}
