import { select } from '../../../src/engine/server/queryable';
import { watchStatements } from './explain-statements';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();

/** Runs of a flow each, one a minute, whose ids fall while time goes on, as a UUIDv1 does every seven minutes. */
async function fallingRuns(count: number, status: 'pending' | 'running'): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id: flow_id } = await layer.repositories.flows.create(layer.newFlow());
    const id = `${String(9_999 - n).padStart(8, '0')}-aaaa-11f0-8000-${status === 'pending' ? '0' : '1'}00000000000`;
    await layer.database.session.query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, started_at, created_job_ids)
       VALUES (?, ?, ?, 'api', CURRENT_TIMESTAMP - INTERVAL ? MINUTE, IF(? = 'running', created_at, NULL), '["shared"]')`,
      [id, flow_id, status, 1_000 - n, status],
    );
    ids.push(id);
  }
  return ids;
}
const claimed = async (limit: number): Promise<string[]> =>
  (await layer.repositories.dueFlows.claimQueued({ worker: 'worker-1', limit })).map(
    ({ execution }) => execution.id,
  );

// Without these, a run that the hub queued waits behind younger ones, or the queue is locked by whoever sorts it.
describe('oldest first is by time, and not by id', () => {
  afterEach(() => layer.database.session.query('DELETE FROM protection_flows'));

  it('in the queue', async () => {
    const ids = await fallingRuns(5, 'pending');
    expect(await claimed(2)).toEqual(ids.slice(0, 2));
    expect(await claimed(10)).toEqual(ids.slice(2));
  });

  it('among the runs under way, and the newest run is found by its job', async () => {
    const ids = await fallingRuns(4, 'running');
    const { executions } = layer.repositories;
    expect((await executions.listRunning()).map(({ id }) => id)).toEqual(ids);
    expect((await executions.listRunning({ limit: 2 })).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(await executions.findRunningByJob('shared')).toMatchObject({ id: ids.at(-1) });
  });

  it('and a claim locks only the runs that it claims', async () => {
    const ids = await fallingRuns(7, 'pending');
    const free: string[][] = [];
    watchStatements(layer.dataSource, async ({ sql }) => {
      if (!sql.includes("SET e.status = 'running'")) return;
      const rows = await select<{ id: string }>(
        layer.database.session,
        `SELECT e.id FROM protection_flow_executions e FORCE INDEX (PRIMARY)
          WHERE e.status = 'pending' ORDER BY e.id DESC FOR UPDATE SKIP LOCKED`,
      );
      free.push(rows.map(({ id }) => id));
    });
    try {
      expect(await claimed(3)).toEqual(ids.slice(0, 3));
    } finally {
      watchStatements(layer.dataSource, () => undefined);
    }
    expect(free).toEqual([ids.slice(3)]);
  });

  it('and a claim skips locked runs and finds the runs behind them', async () => {
    const ids = await fallingRuns(7, 'pending');
    const { session } = layer.database;
    await session.query('START TRANSACTION');
    // One by one: of a few rows together, the server would lock the whole table
    for (const id of ids.slice(0, 3))
      await session.query('SELECT id FROM protection_flow_executions WHERE id = ? FOR UPDATE', [id]);
    try {
      expect(await claimed(2)).toEqual(ids.slice(3, 5));
    } finally {
      await session.query('ROLLBACK');
    }
    expect(await claimed(10)).toEqual([...ids.slice(0, 3), ...ids.slice(5)]);
  });
});
