import { adopt } from '../../../src/engine/adopt';
import { migrate, rollback } from '../../../src/engine/migrate';
import { verify } from '../../../src/engine/verify';
import { migrations } from '../../../src/migrations';
import { createRepositories } from '../../../src/repositories';
import { createBackupJob } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { PlatformHub, toItsEnd } from '../../support/platform-hub';
import { storedRuns } from '../../support/recomputation';
import { plain } from './platform-ddl';

// Guards a change-over from the hub to this package, back, and forward again: each run under way is counted once, and
// somebody ends it.
describe('a change-over with runs under way', () => {
  const database = useDatabase({ platform: 'mixed' });
  const dataSource = useDataSource(database, { migrated: false });
  let hub: PlatformHub;
  beforeAll(async () => {
    for (const sql of plain()) await database.session.query(sql);
    hub = await PlatformHub.connect(database.settings, 'server');
  });
  afterAll(() => hub.close());

  const newJob = async (status: string): Promise<string> =>
    (await createBackupJob(database.session, { status })).id;
  const endJob = (id: string): Promise<unknown> =>
    database.session.query("UPDATE backup_jobs SET status = 'completed' WHERE id = ?", [id]);
  const newFlow = async (name: string): Promise<string> => (await hub.createFlow({ name }))!;
  const verdict = async (): Promise<unknown> => (await verify(dataSource())).verdict;

  /** Each flow's counters and last status, and the number of its runs that began. */
  async function counts(): Promise<unknown[]> {
    const rows = (await database.session.query(
      `SELECT f.name, f.total_executions AS total, f.successful_executions AS successful, f.last_execution_status AS last,
              (SELECT COUNT(*) FROM protection_flow_executions e WHERE e.flow_id = f.id AND e.started_at IS NOT NULL) AS began
         FROM protection_flows f ORDER BY f.name`,
    )) as Record<string, unknown>[];
    return rows.map((row) => [row.name, Number(row.total), row.successful, row.last, Number(row.began)]);
  }

  it('can be made, undone and made again, and counts each run once', async () => {
    const [a, b, c] = [await newFlow('a'), await newFlow('b'), await newFlow('c')];
    // The hub alone: one run has ended, one is under way, and the hub is stopped before it counts the third
    await toItsEnd(hub.start(a, { jobs: [await newJob('completed')] }));
    await toItsEnd(hub.monitor());
    const job = await newJob('running');
    const underWay = await toItsEnd(hub.start(b, { jobs: [job] }));
    const start = hub.start(c, { jobs: [await newJob('running')] });
    const cutOff = String((await start.next()).value);
    await start.return();

    expect(await adopt(dataSource(), { repair: true })).toMatchObject({ ok: true });
    expect(await counts()).toEqual([
      ['a', 1, 1, 'success', 1],
      ['b', 1, 0, 'running', 1],
      ['c', 1, 0, 'running', 1],
    ]);
    expect(await verdict()).toBe('proven');

    // This package goes on with all of them
    const { executions, flows, retention } = createRepositories(dataSource());
    await endJob(job);
    expect(await executions.settle(underWay)).toMatchObject({ settled: true, status: 'success' });
    expect(await executions.finish(cutOff, { status: 'error' })).toBe(true);
    const ours = await executions.start({ flow_id: c, execution_type: 'manual' });
    const ourJob = await newJob('running');
    await executions.recordJobs(ours.id, [ourJob]);
    const waiting = await executions.enqueue({ flow_id: b, execution_type: 'manual' });
    expect(await verdict()).toBe('proven');

    // Back: the queued run is cancelled, as the hub has no queue; the hub takes over the runs under way
    expect(await executions.cancel(waiting.id)).toBe(true);
    await flows.update(b, { enabled: false });
    await endJob(ourJob);
    await toItsEnd(hub.monitor());
    expect(await executions.get(ours.id)).toMatchObject({ status: 'success' });
    await toItsEnd(hub.start(b, { jobs: [await newJob('completed')] }));
    await toItsEnd(hub.monitor());
    expect(await rollback(dataSource(), { steps: migrations.length - 1 })).toMatchObject({ ok: true });
    await toItsEnd(hub.start(a, { failing: 1 }));
    await hub.editFlow(b, { enabled: true, description: 'edited by the hub' });
    const again = hub.start(b, { jobs: [await newJob('running')] });
    await again.next();
    await again.next();
    expect(hub.refused).toEqual([]);

    // Forward again, in the middle of a start: the hub ends the start when this package is already in use
    await migrate(dataSource());
    await retention.recount();
    await toItsEnd(again);
    expect(await verdict()).toBe('proven');
    expect(await counts()).toEqual([
      ['a', 2, 1, 'error', 2],
      ['b', 3, 2, 'running', 3],
      ['c', 2, 1, 'success', 2],
    ]);
    expect(await storedRuns(database.session)).toHaveLength(8);
  });
});
