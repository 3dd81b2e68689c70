import type { NewFlow } from '../../../src';
import { useDataSource } from '../../support/data-source';
import { useDatabase, usePrivateServer } from '../../support/database';
import { startExample, startScheduler, waitForPrograms, waitUntilItSays, type Program } from './programs';
import { backupOfGroup } from './platform';
import { useRuns } from './use-runs';

/** Guards that the example scheduler survives outages of its database, and does not take a living run for dead. */
const server = usePrivateServer();
const database = useDatabase({ server });
const dataSource = useDataSource(database);
const runs = useRuns(database, dataSource);

describe('a scheduler that goes on', () => {
  const start = (env: NodeJS.ProcessEnv): Promise<Program> =>
    runs.keep(startScheduler(database.url, { VMS_AT_ONCE: '3', ...env }));
  const minute = '60000';

  it('does not take a slow run for dead', async () => {
    const scheduler = await start({ BACKUP_MS: '4500', SILENCE_MS: '3000' });
    const id = await runs.underWay();
    await waitForPrograms(async () => (await runs.statusOf(id)) !== 'running');
    expect(await runs.statusOf(id)).toBe('success');
    expect(scheduler.logged('run-reaped')).toEqual([]);
  });

  it('continues after a restart of the server, with the run that was under way', async () => {
    const scheduler = await start({ BACKUP_MS: '1000' });
    const id = await runs.underWay();
    await server.kill();
    const awayAt = Date.now();
    await waitUntilItSays(scheduler, / database-away code=CONNECTION_/);
    // The jobs end meanwhile, and the scheduler cannot record that
    await waitForPrograms(() => Date.now() - awayAt > 1_500);
    await server.restart();
    await waitUntilItSays(scheduler, / database-back /);
    await waitUntilItSays(scheduler, new RegExp(` run-ended execution=${id} .* status=success`));
    expect(scheduler.logged('database-away')).toHaveLength(1);
    const next = await runs.enqueue();
    await waitUntilItSays(scheduler, new RegExp(` run-ended execution=${next} .* status=success`));
  });

  it('does not count the time of a server outage as silence of a run', async () => {
    const silenceMs = 2_000;
    const scheduler = await start({ BACKUP_MS: minute, SILENCE_MS: String(silenceMs) });
    const id = await runs.underWay();
    await server.kill();
    const awayAt = Date.now();
    await waitForPrograms(() => Date.now() - awayAt > silenceMs + 1_000);
    await server.restart();
    const backAt = new Date(Date.now() + 1_000).toISOString();
    const { status } = await waitForPrograms(async () => {
      const run = await runs.repositories.executions.get(id);
      const isJudged = run.status !== 'running' || String(run.execution_metadata?.['heartbeat_at']) > backAt;
      return isJudged ? run : null;
    });
    expect(status).toBe('running');
    expect(scheduler.logged('run-reaped')).toEqual([]);
  });

  it('deletes old executions if its settings ask for it', async () => {
    const { id } = await runs.repositories.flows.create(backupOfGroup() as NewFlow);
    await dataSource().query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, completed_at)
       SELECT CONCAT('old-', n), ?, 'success', 'manual', NOW() - INTERVAL n DAY, NOW() - INTERVAL n DAY
         FROM (SELECT 10 AS n UNION SELECT 20 UNION SELECT 30) ages`,
      [id],
    );
    await waitUntilItSays(await start({ KEEP_DAYS: '15' }), / pruned executions=2\n/);
    expect((await runs.repositories.executions.history(id)).items.map((run) => run.id)).toEqual(['old-10']);
  });

  it('waits for the server at its start, and ends at once with wrong settings, naming each', async () => {
    await server.kill();
    const early = startExample('scheduler', { DATABASE_URL: database.url, POLL_MS: '50' });
    await waitUntilItSays(early, / database-away code=CONNECTION_REFUSED /);
    await server.restart();
    await waitUntilItSays(early, / ready /);
    early.kill('SIGTERM');
    expect(await early.ended).toBe(0);

    const wrong = startExample('scheduler', { DATABASE_URL: database.url, POLL_MS: '0', FAIL_RATE: 'often' });
    expect(await wrong.ended).toBe(1);
    expect(wrong.output()).toBe(
      'POLL_MS must be a whole number from 50 to 60000, not 0\nFAIL_RATE must be a number from 0 to 1, not often\n',
    );
  });
});
