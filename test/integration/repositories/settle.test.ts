import { createBackupJob } from '../../../src/testing';
import type { JobStatus } from '../../../src/domain';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ platform: 'mixed' });

const startedRun = async () => {
  const { flows, executions } = layer.repositories;
  const { id: flow_id } = await flows.create(layer.newFlow());
  return executions.start({ flow_id, execution_type: 'manual' });
};

/** Creates jobs in these states; `missing` gives an id without a job. */
async function jobs(states: (JobStatus | 'missing')[]): Promise<string[]> {
  const ids: string[] = [];
  for (const [at, status] of states.entries()) {
    const row = { status: status === 'missing' ? 'completed' : status, bytes_transferred: 1_000 };
    const { id } =
      status === 'missing' ? { id: `gone-${at}` } : await createBackupJob(layer.database.session, row);
    ids.push(id);
  }
  return ids;
}

// Guards that a run with a cancelled job, a missing job or no job ends, unlike on the platform.
describe('a run whose jobs have ended', () => {
  it.each<[(JobStatus | 'missing')[], string]>([
    [['completed', 'completed'], 'success'],
    [['completed', 'failed'], 'warning'],
    [['completed', 'cancelled'], 'warning'],
    [['completed', 'missing'], 'warning'],
    [['failed', 'failed'], 'error'],
    [['failed', 'cancelled'], 'error'],
    [['missing'], 'error'],
    [['missing', 'cancelled'], 'error'],
    [['cancelled', 'cancelled'], 'cancelled'],
    [[], 'warning'],
  ])('%j ends as %s', async (states, status) => {
    const { executions, flows } = layer.repositories;
    const run = await startedRun();
    await executions.recordJobs(run.id, await jobs(states));
    expect(await executions.settle(run.id)).toMatchObject({ status, settled: true });
    expect(await executions.settle(run.id)).toMatchObject({ status, settled: false });
    const completed = states.filter((state) => state === 'completed').length;
    expect(await executions.get(run.id)).toMatchObject({
      status,
      jobs_completed: completed,
      vms_processed: completed,
      bytes_transferred: states.filter((state) => state !== 'missing').length * 1_000,
      error_message: status === 'success' ? null : expect.any(String),
    });
    expect(await flows.get(run.flow_id)).toMatchObject({
      last_execution_status: status,
      total_executions: 1,
    });
  });

  it('reads all 200 jobs, not only the first ones', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    const ids = Array.from({ length: 200 }, (_, at) => `job-${at}`);
    const states = new Map<string, JobStatus>(ids.map((id) => [id, 'completed']));
    states.set('job-199', 'running');
    await executions.recordJobs(run.id, ids);
    expect(await executions.settle(run.id, states)).toMatchObject({ settled: false, status: 'running' });
    states.set('job-199', 'failed');
    expect(await executions.settle(run.id, states)).toEqual({
      status: 'warning',
      settled: true,
      jobs: { completed: 199, failed: 1, cancelled: 0, missing: 0, active: 0 },
    });
  });

  it.each(['null', 'true', '"yes"', '[]'])(
    'is settled, although another program has stored %s under starting_jobs',
    async (json) => {
      const { executions } = layer.repositories;
      const run = await startedRun();
      await executions.recordJobs(run.id, await jobs(['completed']));
      await layer.database.session.query(
        'UPDATE protection_flow_executions SET execution_metadata = ? WHERE id = ?',
        [`{"starting_jobs": ${json}}`, run.id],
      );
      expect(await executions.settle(run.id)).toMatchObject({ settled: true, status: 'success' });
    },
  );
});

describe('a run with a job that has not ended', () => {
  it.each<[(JobStatus | 'missing')[]]>([[['completed', 'running']], [['failed', 'pending']]])(
    'continues: %j',
    async (states) => {
      const { executions } = layer.repositories;
      const run = await startedRun();
      await executions.recordJobs(run.id, await jobs(states));
      expect(await executions.settle(run.id)).toMatchObject({
        settled: false,
        status: 'running',
        jobs: { active: 1 },
      });
    },
  );

  it('continues while jobs are still being started, although all existing jobs have ended', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    expect(await executions.settle(run.id)).toMatchObject({ settled: false });
    await executions.recordJobs(run.id, await jobs(['completed']), { more: true });
    expect(await executions.settle(run.id)).toMatchObject({ settled: false, status: 'running' });
    await executions.recordJobs(run.id, []);
    expect(await executions.settle(run.id)).toMatchObject({ settled: true, status: 'success' });
  });
});

describe('a platform without backup_jobs', () => {
  const bare = useDataLayer({ platform: 'none' });

  it('lets a run settle by given states, and gives PLATFORM_TABLE_MISSING without them', async () => {
    const { flows, executions } = bare.repositories;
    const { id: flow_id } = await flows.create(bare.newFlow());
    const run = await executions.start({ flow_id, execution_type: 'manual' });
    await executions.recordJobs(run.id, ['replication-1']);
    await expect(executions.settle(run.id)).rejects.toMatchObject({ code: 'PLATFORM_TABLE_MISSING' });
    expect(await executions.settle(run.id, new Map([['replication-1', 'completed']]))).toMatchObject({
      status: 'success',
    });
  });
});
