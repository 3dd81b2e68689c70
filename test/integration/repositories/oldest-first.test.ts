import { select } from '../../../src/engine/server/queryable';
import { watchStatements } from './explain-statements';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();

/** Inserts runs a minute apart, each of its own flow. Later runs have smaller ids, as UUIDv1 wraps every seven minutes. */
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

// Guards that a run that the hub queued does not wait behind younger runs, and that a claim does not lock the whole queue.
describe('runs whose ids fall while time goes on', () => {
  afterEach(() => layer.database.session.query('DELETE FROM protection_flows'));

  it('are claimed from the queue oldest first', async () => {
    const ids = await fallingRuns(5, 'pending');
    expect(await claimed(2)).toEqual(ids.slice(0, 2));
    expect(await claimed(10)).toEqual(ids.slice(2));
  });

  it('are listed oldest first while they run, and the newest is found by its job', async () => {
    const ids = await fallingRuns(4, 'running');
    const { executions } = layer.repositories;
    expect((await executions.listRunning()).map(({ id }) => id)).toEqual(ids);
    expect((await executions.listRunning({ limit: 2 })).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(await executions.findRunningByJob('shared')).toMatchObject({ id: ids.at(-1) });
  });

  it('are locked by a claim only when it claims them', async () => {
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

  it('are skipped by a claim while they are locked, and the claim takes the runs behind them', async () => {
    const ids = await fallingRuns(7, 'pending');
    const { session } = layer.database;
    await session.query('START TRANSACTION');
    // One statement each: for several rows in one statement, the server would lock the whole table
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
