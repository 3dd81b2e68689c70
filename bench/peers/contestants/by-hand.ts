import { createPool, type Pool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src';
import type { Done, Peer } from '../../data/contestants/contestant';
import { executionColumns, sql } from '../../data/contestants/floor-sql';

type Value = string | number | Date | null;
type Send = (text: string, values: Value[]) => Promise<RowDataPacket[] & ResultSetHeader>;

const withoutHint = (text: string): string => text.replace(/ FORCE INDEX \(\w+\)/, '');
const marks = (count: number, mark = '?'): string => Array.from({ length: count }, () => mark).join(', ');

const statements = {
  list: withoutHint(sql.list),
  history: withoutHint(sql.history),
  latest: `SELECT ${executionColumns} FROM protection_flow_executions e
    WHERE e.flow_id = ? ORDER BY e.created_at DESC, e.id DESC LIMIT 1`,
  insertRun: `INSERT INTO protection_flow_executions (id, flow_id, execution_type, triggered_by, status, started_at)
    VALUES (?, ?, 'api', 'bench', 'running', CURRENT_TIMESTAMP)`,
  showRun: `UPDATE protection_flows SET total_executions = total_executions + 1, last_execution_id = ?,
    last_execution_status = 'running', last_execution_time = CURRENT_TIMESTAMP WHERE id = ?`,
  progress: `UPDATE protection_flow_executions SET jobs_completed = ?, bytes_transferred = ?, execution_metadata = ?
    WHERE id = ? AND status = 'running'`,
  endRun: `UPDATE protection_flow_executions SET status = 'success', completed_at = CURRENT_TIMESTAMP,
    execution_time_seconds = TIMESTAMPDIFF(SECOND, started_at, CURRENT_TIMESTAMP), jobs_completed = ?, bytes_transferred = ?
    WHERE id = ? AND status = 'running'`,
  showEnd: `UPDATE protection_flows SET successful_executions = successful_executions + 1, last_execution_status = 'success',
    last_execution_time = CURRENT_TIMESTAMP WHERE id = (SELECT flow_id FROM protection_flow_executions WHERE id = ?)`,
  insertRuns: (count: number) => `INSERT INTO protection_flow_executions
    (id, flow_id, status, execution_type, started_at, triggered_by, execution_metadata)
    VALUES ${marks(count, `(?, ?, 'running', 'scheduled', CURRENT_TIMESTAMP, 'bench', ?)`)}`,
  advance: (count: number) => `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
    SET f.next_execution_time = ?, f.total_executions = f.total_executions + 1, f.last_execution_id = e.id,
      f.last_execution_time = e.started_at, f.last_execution_status = 'running' WHERE e.id IN (${marks(count)})`,
};

/**
 * The least code written by hand on mysql2: the fewest statements with the same answers and effects, prepared if that is
 * faster. It validates, computes, locks and reads nothing beforehand.
 */
class ByHand implements Peer {
  private readonly pool: Pool;
  private readonly tomorrow = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);

  constructor(url: string) {
    this.pool = createPool({ uri: url, timezone: 'Z' });
  }

  async get(id: string): Promise<(string | null)[]> {
    const [flow] = await this.prepared(sql.get, [id]);
    const { name, schedule_name, repository_name, policy_name, vm_name, group_name } = flow!;
    return [name, schedule_name, repository_name, policy_name, vm_name ?? group_name];
  }

  async list(limit: number): Promise<(string | null)[]> {
    const flows = await this.prepared(statements.list, [limit]);
    return flows.map((flow) => flow.vm_name ?? flow.group_name);
  }

  async history(flowId: string, limit: number): Promise<string[]> {
    return idsOf(await this.prepared(statements.history, [flowId, limit]));
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const newest = await Promise.all(flowIds.map((flowId) => this.prepared(statements.latest, [flowId])));
    return newest.flatMap(idsOf).sort();
  }

  start(flowId: string): Promise<string> {
    return this.together(async (send) => {
      const id = uuidv7();
      await send(statements.insertRun, [id, flowId]);
      await send(statements.showRun, [id, flowId]);
      return id;
    });
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.prepared(statements.progress, [jobs, bytes, '{"phase":"copying"}', executionId]);
  }

  finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    return this.together(async (send) => {
      const { affectedRows } = await send(statements.endRun, [jobs, bytes, executionId]);
      if (affectedRows === 0) throw new Error('was over already');
      await send(statements.showEnd, [executionId]);
    });
  }

  async create(flow: NewFlow): Promise<string> {
    const id = uuidv7();
    const { name, flow_type, target_type, target_id, repository_id, policy_id, schedule_id } = flow;
    const refers = [repository_id, policy_id, schedule_id].map((other) => other ?? null);
    const values = [name, flow_type, target_type, target_id, ...refers, id, this.tomorrow];
    await this.prepared(sql.insertFlow, values);
    return id;
  }

  claimDue(limit: number): Promise<string[]> {
    return this.together(async (send, sendWide) => {
      const ids = idsOf(await send(sql.lockDue, [limit]));
      if (ids.length === 0) return [];
      const runs = ids.map((flowId) => ({ id: uuidv7(), flowId }));
      const values = runs.flatMap(({ id, flowId }) => [id, flowId, '{"worker":"bench"}']);
      await sendWide(statements.insertRuns(runs.length), values);
      await sendWide(statements.advance(runs.length), [this.tomorrow, ...runs.map(({ id }) => id)]);
      return ids;
    });
  }

  async release(): Promise<void> {
    await this.pool.end();
  }

  private readonly prepared: Send = async (text, values) =>
    (await this.pool.execute<RowDataPacket[] & ResultSetHeader>(text, values))[0];

  private async together<Result>(work: (send: Send, sendWide: Send) => Promise<Result>): Promise<Result> {
    const connection = await this.pool.getConnection();
    try {
      await connection.beginTransaction();
      const result = await work(
        async (text, values) =>
          (await connection.execute<RowDataPacket[] & ResultSetHeader>(text, values))[0],
        async (text, values) => (await connection.query<RowDataPacket[] & ResultSetHeader>(text, values))[0],
      );
      await connection.commit();
      return result;
    } catch (error) {
      await connection.rollback();
      throw error;
    } finally {
      connection.release();
    }
  }
}

const idsOf = (rows: RowDataPacket[]): string[] => rows.map((row) => row.id as string);

export const connect = async (url: string): Promise<Peer> => new ByHand(url);
