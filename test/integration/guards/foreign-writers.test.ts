import type { Connection } from 'mysql2/promise';
import { installGuards } from '../../../src/engine/migrate';
import { waitFor } from '../../support/wait-for';
import { waitsForRow } from '../../support/waits-for-row';
import { useDataLayer } from '../repositories/data-layer';

type Row = Record<string, unknown>;

/**
 * Guards what installed guards promise for each statement of a program that does not know this package, alone and between
 * statements of the data layer. Without guards, each of these statements made a flow's statistics or a run's status wrong.
 */
describe('a foreign writer, under guards', () => {
  const layer = useDataLayer();
  let hub: Connection;

  beforeAll(async () => {
    expect(await installGuards(layer.dataSource)).toMatchObject({ ok: true, state: 'installed' });
    hub = await layer.database.connect();
  });

  const write = async (sql: string, values: unknown[] = []): Promise<number> => {
    const [{ affectedRows }] = (await hub.query(sql, values)) as unknown as [{ affectedRows: number }];
    return affectedRows;
  };
  const read = async (table: string, id: string): Promise<Row> => {
    const [rows] = (await hub.query(`SELECT * FROM ${table} WHERE id = ?`, [id])) as unknown as [Row[]];
    return rows[0]!;
  };
  const run = (id: string): Promise<Row> => read('protection_flow_executions', id);
  const flow = (id: string): Promise<Row> => read('protection_flows', id);
  const newFlow = async (): Promise<string> => (await layer.repositories.flows.create(layer.newFlow())).id;

  /** Begins a run as the hub does: the server makes the id. */
  const begin = async (flowId: string): Promise<string> => {
    await write(
      `INSERT INTO protection_flow_executions (flow_id, status, execution_type, jobs_created, started_at, created_at, triggered_by)
       VALUES (?, 'running', 'manual', 0, '2001-02-03 04:05:06', NOW(), 'system')`,
      [flowId],
    );
    return String((await flow(flowId)).last_execution_id);
  };
  const end = (id: string, status: string): Promise<number> =>
    write(
      `UPDATE protection_flow_executions SET completed_at = '2001-02-03 04:05:06', execution_time_seconds = 7,
              jobs_completed = 1, jobs_failed = 0, status = ? WHERE id = ?`,
      [status, id],
    );
  const count = (id: string, total: number, last: string | null = null): Promise<number> =>
    write(
      `UPDATE protection_flows SET total_executions = ?, successful_executions = ?, failed_executions = ?, last_execution_id = ?,
              last_execution_status = 'running', last_execution_time = NULL, updated_at = NOW() WHERE id = ?`,
      [total, total, total, last, id],
    );
  const counts = async (id: string): Promise<unknown[]> => {
    const row = await flow(id);
    return [
      row.total_executions,
      row.successful_executions,
      row.failed_executions,
      row.last_execution_status,
    ];
  };

  it('begins a run, which is counted once, whichever counts it writes afterwards', async () => {
    const flowId = await newFlow();
    const id = await begin(flowId);
    expect(await counts(flowId)).toEqual([1, 0, 0, 'running']);
    expect(await count(flowId, 1, id)).toBe(1);
    await count(flowId, 9, 'another');
    const { started_at } = await run(id);
    expect(await flow(flowId)).toMatchObject({
      total_executions: 1,
      successful_executions: 0,
      last_execution_id: id,
      last_execution_status: 'running',
      // The server's time, not the hub's
      last_execution_time: started_at,
    });
    expect(started_at).not.toEqual(new Date('2001-02-03T04:05:06Z'));
  });

  it.each([
    ['success', [1, 1, 0, 'success']],
    ['error', [1, 0, 1, 'error']],
    ['warning', [1, 0, 0, 'warning']],
  ])('ends its run with %s, which is counted once', async (status, expected) => {
    const flowId = await newFlow();
    const id = await begin(flowId);
    expect(await end(id, status)).toBe(1);
    expect(await counts(flowId)).toEqual(expected);
    await count(flowId, 5);
    await end(id, status);
    expect(await counts(flowId)).toEqual(expected);
    const { completed_at, execution_time_seconds } = await run(id);
    expect(await flow(flowId)).toMatchObject({ last_execution_time: completed_at, last_execution_id: id });
    expect(Number(execution_time_seconds)).toBeLessThan(7);
  });

  it('begins a run that we settle, which is counted once', async () => {
    const flowId = await newFlow();
    const id = await begin(flowId);
    await write(
      `UPDATE protection_flow_executions SET created_job_ids = '["a"]', jobs_created = 1, status = 'running' WHERE id = ?`,
      [id],
    );
    expect(await layer.repositories.executions.settle(id, new Map([['a', 'completed']]))).toMatchObject({
      settled: true,
      status: 'success',
    });
    await count(flowId, 1, id);
    expect(await counts(flowId)).toEqual([1, 1, 0, 'success']);
  });

  it('cannot end a run of ours, and gets no error', async () => {
    const flowId = await newFlow();
    const { executions } = layer.repositories;
    const { id } = await executions.start({ flow_id: flowId, execution_type: 'manual' });
    const before = await run(id);
    await end(id, 'success');
    await count(flowId, 0);
    expect(await run(id)).toEqual(before);
    expect(await counts(flowId)).toEqual([1, 0, 0, 'running']);
    expect(await executions.finish(id, { status: 'warning' })).toBe(true);
    expect(await counts(flowId)).toEqual([1, 0, 0, 'warning']);
  });

  it('cannot end a run of ours with any kind of id once the run shows a sign of work', async () => {
    const { executions } = layer.repositories;
    const [[{ uuid }]] = (await hub.query('SELECT UUID() AS uuid')) as unknown as [[{ uuid: string }]];
    for (const id of [`by-hand-${uuid}`, uuid]) {
      await executions.start({ id, flow_id: await newFlow(), execution_type: 'manual' });
      if (id === uuid) await executions.progress(id, {});
      await end(id, 'success');
      expect(await run(id)).toMatchObject({ status: 'running' });
    }
  });

  it('loses no counts when it writes old statistics after three runs of ours', async () => {
    const flowId = await newFlow();
    for (let round = 0; round < 3; round += 1) {
      const { id } = await layer.repositories.executions.start({ flow_id: flowId, execution_type: 'manual' });
      await layer.repositories.executions.finish(id, { status: 'success' });
    }
    await count(flowId, 1);
    expect(await counts(flowId)).toEqual([3, 3, 0, 'success']);
  });

  it('cannot change a run that we have ended', async () => {
    const flowId = await newFlow();
    const id = await begin(flowId);
    await layer.repositories.executions.finish(id, { status: 'cancelled' });
    const ended = await run(id);
    await end(id, 'success');
    // Its start continues: only the jobs, which it alone knows, are stored
    await write(
      `UPDATE protection_flow_executions SET created_job_ids = '["a","b"]', jobs_created = 2, jobs_completed = 0,
              jobs_failed = 1, jobs_skipped = 0, status = 'running', vms_processed = 3 WHERE id = ?`,
      [id],
    );
    const { created_job_ids, ...kept } = await run(id);
    expect(kept).toEqual({ ...ended, jobs_created: 2, created_job_ids: undefined } as Row);
    expect(JSON.stringify(created_job_ids)).toContain('b');
    expect(await counts(flowId)).toEqual([1, 0, 0, 'cancelled']);
  });

  it('ends an older run late, and the flow still shows the newest run', async () => {
    const flowId = await newFlow();
    const older = await begin(flowId);
    await layer.repositories.executions.finish(older, { status: 'error' });
    const newer = await begin(flowId);
    await end(older, 'success');
    await count(flowId, 2, older);
    expect(await flow(flowId)).toMatchObject({
      last_execution_id: newer,
      total_executions: 2,
      failed_executions: 1,
    });
  });

  it('cannot begin a second run: the first statement of its start is refused', async () => {
    const flowId = await newFlow();
    const { id } = await layer.repositories.executions.start({ flow_id: flowId, execution_type: 'manual' });
    await expect(begin(flowId)).rejects.toMatchObject({ errno: 1062 });
    expect(await counts(flowId)).toEqual([1, 0, 0, 'running']);
    await layer.repositories.executions.finish(id, { status: 'success' });
    await begin(flowId);
    await expect(
      layer.repositories.executions.start({ flow_id: flowId, execution_type: 'manual' }),
    ).rejects.toMatchObject({ code: 'FLOW_STILL_RUNNING' });
    expect(await counts(flowId)).toEqual([2, 1, 0, 'running']);
  });

  it('starts a flow twice at once, and only one run begins and is counted', async () => {
    const other = await layer.database.connect();
    const insert =
      "INSERT INTO protection_flow_executions (flow_id, status, execution_type, started_at) VALUES (?, 'running', 'manual', NOW())";
    for (let round = 0; round < 20; round += 1) {
      const flowId = await newFlow();
      const started = await Promise.allSettled([hub.query(insert, [flowId]), other.query(insert, [flowId])]);
      expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await counts(flowId)).toEqual([1, 0, 0, 'running']);
    }
  });

  it('clears the next time when it disables a flow or changes its schedule', async () => {
    const flowId = await newFlow();
    const plan = () =>
      write('UPDATE protection_flows SET next_execution_time = NOW() WHERE id = ?', [flowId]);
    await plan();
    await write("UPDATE protection_flows SET description = 'x', enabled = 1 WHERE id = ?", [flowId]);
    expect((await flow(flowId)).next_execution_time).not.toBeNull();
    await write('UPDATE protection_flows SET enabled = 0 WHERE id = ?', [flowId]);
    expect((await flow(flowId)).next_execution_time).toBeNull();
    await plan();
    await layer.database.connection.query(
      "INSERT IGNORE INTO replication_schedules (id, name, cron_expression) VALUES ('s', 's', '0 1 * * *')",
    );
    await write("UPDATE protection_flows SET schedule_id = 's' WHERE id = ?", [flowId]);
    expect((await flow(flowId)).next_execution_time).toBeNull();
  });

  it('deletes a flow with a run under way', async () => {
    const flowId = await newFlow();
    const id = await begin(flowId);
    expect(await write('DELETE FROM protection_flows WHERE id = ?', [flowId])).toBe(1);
    expect(await run(id)).toBeUndefined();
  });

  it('sees only the columns that it knows, and inserts without column names', async () => {
    const flowId = await newFlow();
    expect(Object.keys(await flow(flowId))).toHaveLength(22);
    await write(
      `INSERT INTO protection_flow_executions VALUES (UUID(), ?, 'running', 'manual', 0, 0, 0, 0, NOW(), NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NOW(), 'system')`,
      [flowId],
    );
    expect(Object.keys(await run(String((await flow(flowId)).last_execution_id)))).toHaveLength(19);
    expect(await counts(flowId)).toEqual([1, 0, 0, 'running']);
  });

  it('is not taken for one of our sessions after a statement was killed while it counted', async () => {
    const flowId = await newFlow();
    const holder = await layer.database.connect();
    const victim = await layer.database.connect();
    await holder.query('START TRANSACTION');
    await holder.query('SELECT id FROM protection_flows WHERE id = ? FOR UPDATE', [flowId]);
    const started = victim.query(
      "INSERT INTO protection_flow_executions (flow_id, status, execution_type) VALUES (?, 'running', 'manual')",
      [flowId],
    );
    started.catch(() => undefined);
    await waitFor(() => waitsForRow(layer.database.session, victim.threadId));
    await hub.query(`KILL QUERY ${victim.threadId}`);
    await expect(started).rejects.toMatchObject({ errno: 1317 });
    await holder.query('ROLLBACK');
    await victim.query('UPDATE protection_flows SET total_executions = 7 WHERE id = ?', [flowId]);
    expect(await counts(flowId)).toEqual([0, 0, 0, 'pending']);
  });
});
