import { createRepositories } from '../../../src/repositories';
import { openDataSource } from '../../support/data-source';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();

const missing = '00000000-0000-7000-8000-000000000000';
const flow = async (): Promise<string> => (await layer.repositories.flows.create(layer.newFlow())).id;
const startedRun = async () =>
  layer.repositories.executions.start({ flow_id: await flow(), execution_type: 'manual' });

// Guards that a page shows each run once and the newest as the latest, and that the run of a dead worker ends.
describe('the runs of flows', () => {
  it('are listed newest first, in pages', async () => {
    const { executions } = layer.repositories;
    const flow_id = await flow();
    const ids: string[] = [];
    for (let at = 0; at < 23; at += 1) {
      const run = await executions.enqueue({ flow_id, execution_type: 'manual' });
      ids.unshift(run.id);
    }
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof executions.history>> = await executions.history(flow_id, {
        limit: 4,
        after,
      });
      found.push(...page.items.map((run) => run.id));
      after = page.next;
    } while (after !== null);
    expect(found).toEqual(ids);
    expect((await executions.history(flow_id)).items).toHaveLength(10);
    await expect(executions.history(flow_id, { limit: 101 })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('are read for many flows at once: the newest of each, also within one second', async () => {
    const { executions } = layer.repositories;
    const flows = [await flow(), await flow(), await flow()];
    const newest = new Map<string, string>();
    for (const flow_id of [flows[0]!, flows[1]!, flows[0]!, flows[1]!, flows[0]!]) {
      newest.set(flow_id, (await executions.enqueue({ flow_id, execution_type: 'api' })).id);
    }
    const latest = await executions.latest([...flows, missing, flows[0]!]);
    expect(new Map([...latest].map(([flow_id, run]) => [flow_id, run.id]))).toEqual(newest);
    expect(await executions.latest([])).toEqual(new Map());
    const all = await executions.history(flows[0]!);
    expect(latest.get(flows[0]!)).toEqual(all.items[0]);
  });

  it('are found with unusual ids, and with collations that somebody changed by hand', async () => {
    const { executions, flows } = layer.repositories;
    const strange = `a"b'c\\d ü😀 ${'x'.repeat(40)}`;
    await flows.create(layer.newFlow({ id: strange }));
    const run = await executions.start({ flow_id: strange, execution_type: 'api' });
    const asked = [strange, 'x'.repeat(64), '"]'];
    expect([...(await executions.latest(asked)).values()].map(({ id }) => id)).toEqual([run.id]);
    const { session } = layer.database;
    await session.query('ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow');
    const change = (charset: string) =>
      session.query(
        `ALTER TABLE protection_flow_executions MODIFY flow_id varchar(64) CHARACTER SET ${charset} NOT NULL`,
      );
    try {
      await change('utf8mb4 COLLATE utf8mb4_bin');
      // A data source reads the catalog once in 30 seconds; a new one has not read it yet
      const other = await openDataSource(layer.database);
      const there = await createRepositories(other.manager).executions.latest(asked);
      await other.destroy();
      expect([...there.values()].map(({ id }) => id)).toEqual([run.id]);
    } finally {
      await change('utf8mb4 COLLATE utf8mb4_unicode_ci');
      await session.query(
        `ALTER TABLE protection_flow_executions ADD CONSTRAINT fk_executions_flow
           FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE ON UPDATE NO ACTION`,
      );
    }
  });

  it('are listed while they run', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    const running = async () => (await executions.listRunning()).map(({ id }) => id);
    expect(await running()).toContain(run.id);
    await executions.cancel(run.id);
    expect(await running()).not.toContain(run.id);
  });
});

describe('a silent run', () => {
  const silence = (id: string, column: string) =>
    layer.database.session.query(`UPDATE protection_flow_executions SET ${column} WHERE id = ?`, [id]);

  it('is ended with error, while a run with signs of life continues', async () => {
    const { executions, flows } = layer.repositories;
    const [dead, alive, fresh] = [await startedRun(), await startedRun(), await startedRun()];
    await executions.progress(dead.id);
    const longAgo = 'started_at = CURRENT_TIMESTAMP - INTERVAL 1 HOUR';
    await silence(
      dead.id,
      `${longAgo}, execution_metadata = JSON_SET(execution_metadata, '$.heartbeat_at', '2026-01-01T00:00:00Z')`,
    );
    await silence(alive.id, longAgo);
    await executions.progress(alive.id);
    expect(await executions.reapStale({ silenceMs: 60_000 })).toEqual([dead.id]);
    expect(await executions.reapStale({ silenceMs: 60_000 })).toEqual([]);
    expect(await executions.get(dead.id)).toMatchObject({
      status: 'error',
      error_message: expect.stringContaining('60 seconds'),
    });
    expect(await flows.get(dead.flow_id)).toMatchObject({
      last_execution_status: 'error',
      failed_executions: 1,
    });
    for (const { id } of [alive, fresh])
      expect(await executions.get(id)).toMatchObject({ status: 'running' });
  });

  it('is recognised by a limit that the caller must give', async () => {
    const { executions } = layer.repositories;
    await expect(executions.reapStale({ silenceMs: 0 })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(executions.reapStale({} as never)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
