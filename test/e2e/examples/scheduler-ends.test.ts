import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { startScheduler, waitUntilItSays, type Program } from './programs';
import { useRuns } from './use-runs';

/** Guards that no run stays under way for ever when an example scheduler ends or dies. */
const database = useDatabase();
const runs = useRuns(database, useDataSource(database));

describe('a scheduler that ends', () => {
  const start = (env: NodeJS.ProcessEnv): Promise<Program> =>
    runs.keep(startScheduler(database.url, { VMS_AT_ONCE: '3', ...env }));
  const minute = '60000';

  it('at SIGTERM lets its runs finish, starts no new ones, and exits 0', async () => {
    const scheduler = await start({ BACKUP_MS: '1500' });
    const id = await runs.underWay();
    scheduler.kill('SIGTERM');
    await waitUntilItSays(scheduler, / stopping runs=1 /);
    const late = await runs.enqueue();
    expect(await scheduler.ended).toBe(0);
    expect(await runs.statusOf(id)).toBe('success');
    expect(await runs.statusOf(late)).toBe('pending');
    expect(scheduler.output()).toMatch(/ stopped\n$/);
  });

  it('cancels the runs that have not ended in time, and exits 0 with nothing left running', async () => {
    const scheduler = await start({ BACKUP_MS: minute, STOP_LIMIT_MS: '100' });
    const id = await runs.underWay();
    scheduler.kill('SIGINT');
    expect(await scheduler.ended).toBe(0);
    expect(await runs.repositories.executions.get(id)).toMatchObject({
      status: 'cancelled',
      error_message: 'The worker was stopped',
      jobs_skipped: 3,
    });
    expect(await runs.jobStates(id)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(await runs.repositories.executions.listRunning()).toEqual([]);
  });

  it('has its run ended by another scheduler if it is killed', async () => {
    const victim = await start({ BACKUP_MS: minute, WORKER_NAME: 'victim' });
    const id = await runs.underWay();
    victim.kill('SIGKILL');
    expect(await victim.ended).toBe('SIGKILL');
    expect(await runs.statusOf(id)).toBe('running');
    const heir = await start({ SILENCE_MS: '2000' });
    await waitUntilItSays(heir, / run-reaped .*worker=victim/);
    const execution = await runs.repositories.executions.get(id);
    expect(execution).toMatchObject({ status: 'error', jobs_created: 3 });
    expect(await runs.jobStates(id)).toEqual(['failed', 'failed', 'failed']);
    expect(await runs.repositories.flows.get(execution.flow_id)).toMatchObject({
      last_execution_status: 'error',
      total_executions: 1,
      failed_executions: 1,
    });
  });

  it('stops the jobs of a run that was cancelled, or whose flow was deleted', async () => {
    const scheduler = await start({ BACKUP_MS: minute, SILENCE_MS: '4000' });
    const cancelled = await runs.underWay();
    await runs.repositories.executions.cancel(cancelled, 'changed our minds');
    await waitUntilItSays(scheduler, new RegExp(` run-ended execution=${cancelled} .* status=cancelled`));
    expect(await runs.jobStates(cancelled)).toEqual(['cancelled', 'cancelled', 'cancelled']);

    const deleted = await runs.underWay();
    const { flow_id, created_job_ids } = await runs.repositories.executions.get(deleted);
    await runs.repositories.flows.delete(flow_id);
    await waitUntilItSays(scheduler, new RegExp(` run-ended execution=${deleted} .* status=deleted`));
    expect(
      await database.session.query('SELECT DISTINCT status FROM backup_jobs WHERE id IN (?)', [
        created_job_ids,
      ]),
    ).toEqual([{ status: 'cancelled' }]);
  });
});
