import { useDatabase } from '../../support/database';
import { startApi, type Api } from './api';
import { addPlatformRows, backupOfGroup, ids } from './platform';
import { startScheduler, waitForPrograms, type Program } from './programs';

/** Guards that the two examples work together: a scheduler runs what a client queues through the API, and the API shows it. */
describe('the example API and schedulers on one database', () => {
  const database = useDatabase();
  let api: Api;
  let schedulers: Program[];
  beforeAll(async () => {
    await addPlatformRows(database);
    // All start at once: each finds an empty database and migrates it
    const scheduler = (name: string): Promise<Program> =>
      startScheduler(database.url, { WORKER_NAME: name, FAIL_VMS: 'c' });
    [api, ...schedulers] = await Promise.all([startApi(database.url), scheduler('one'), scheduler('two')]);
  });

  interface Run {
    readonly id: string;
    readonly status: string;
    readonly execution_metadata: { readonly worker?: string } | null;
    readonly created_job_ids: string[] | null;
  }
  const create = async (changes: Record<string, unknown> = {}): Promise<string> =>
    (await api.request<{ id: string }>('POST', '', backupOfGroup(changes))).body.id;
  const execute = async (flow: string): Promise<string> =>
    (await api.request<Run>('POST', `/${flow}/execute`, { execution_type: 'manual' })).body.id;
  const runsOf = async (flow: string): Promise<Run[]> =>
    (await api.request<{ executions: Run[] }>('GET', `/${flow}/executions?limit=100`)).body.executions;
  const isOver = ({ status }: Run): boolean => status !== 'pending' && status !== 'running';
  const waitForEnd = (flow: string): Promise<Run> =>
    waitForPrograms(async () => (await runsOf(flow)).find((run) => isOver(run)));
  const oneVm = { target_type: 'vm', target_id: ids.vm };
  const jobsOf = async (run: Run): Promise<object[]> =>
    (await database.session.query('SELECT * FROM backup_jobs WHERE id IN (?) ORDER BY created_at, id', [
      run.created_job_ids,
    ])) as object[];

  it('run a queued flow: first a full backup, then an incremental one', async () => {
    const flow = await create({ ...oneVm, policy_id: ids.policy });
    const first = await execute(flow);
    const run = await waitForEnd(flow);
    expect(run).toMatchObject({
      id: first,
      status: 'success',
      execution_type: 'manual',
      jobs_created: 1,
      jobs_completed: 1,
      vms_processed: 1,
      bytes_transferred: 40 * 2 ** 30,
      execution_metadata: { worker: expect.stringMatching(/^(one|two)$/) as string },
      created_job_ids: [expect.stringMatching(/^backup-a-\d+-/) as string],
    });
    expect(await api.request('GET', `/${flow}/status`)).toMatchObject({
      body: {
        last_execution_id: first,
        last_execution_status: 'success',
        total_executions: 1,
        successful_executions: 1,
      },
    });
    const job = {
      vm_context_id: ids.vm,
      repository_id: ids.repository,
      policy_id: ids.policy,
      status: 'completed',
    };
    expect(await jobsOf(run)).toMatchObject([{ ...job, backup_type: 'full', error_message: null }]);

    const second = await execute(flow);
    const next = await waitForPrograms(async () =>
      (await runsOf(flow)).find((one) => one.id === second && isOver(one)),
    );
    expect(await jobsOf(next)).toMatchObject([{ ...job, backup_type: 'incremental' }]);
  });

  it('run a flow when it is due, and set its next time', async () => {
    const flow = await create({ ...oneVm, schedule_id: ids.schedule });
    const due = new Date('2025-10-09T02:00:00Z');
    await database.session.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [
      due,
      flow,
    ]);
    expect(await waitForEnd(flow)).toMatchObject({
      status: 'success',
      execution_type: 'scheduled',
      execution_metadata: { due_at: due.toISOString() },
    });
    const { body } = await api.request<{ next_execution_time: string }>('GET', `/${flow}/status`);
    expect(new Date(body.next_execution_time).getTime()).toBeGreaterThan(Date.now());
    expect(await runsOf(flow)).toHaveLength(1);
  });

  it('end a run with a warning if the backup of one VM failed', async () => {
    const flow = await create();
    await execute(flow);
    const run = await waitForEnd(flow);
    expect(run).toMatchObject({
      status: 'warning',
      jobs_created: 3,
      jobs_completed: 2,
      jobs_failed: 1,
      error_message: 'Of 3 jobs, 1 failed',
    });
    expect((await jobsOf(run)).map((job) => (job as { status: string }).status).sort()).toEqual([
      'completed',
      'completed',
      'failed',
    ]);
  });

  it('end a run with a warning if there is nothing to protect', async () => {
    const flow = await create({ target_type: 'vm', target_id: 'ctx-gone' });
    await execute(flow);
    expect(await waitForEnd(flow)).toMatchObject({ status: 'warning', jobs_created: 0, created_job_ids: [] });
  });

  it('run a replication without writing rows for backup jobs', async () => {
    const replication = { flow_type: 'replication', destination_type: 'ossea', repository_id: undefined };
    const flow = await create({ ...oneVm, ...replication });
    await execute(flow);
    const run = await waitForEnd(flow);
    expect(run).toMatchObject({ status: 'success', jobs_completed: 1, bytes_transferred: 40 * 2 ** 30 });
    expect(await jobsOf(run)).toEqual([]);
  });

  it('share many runs, and run each of them once', async () => {
    const flows = await Promise.all(Array.from({ length: 12 }, () => create(oneVm)));
    const asked = await Promise.all(flows.flatMap((flow) => [execute(flow), execute(flow)]));
    await waitForPrograms(async () => (await Promise.all(flows.map(runsOf))).flat().every(isOver));
    const runs = (await Promise.all(flows.map(runsOf))).flat();
    expect(runs.map(({ id }) => id).sort()).toEqual(asked.sort());
    expect(runs.map(({ status, created_job_ids }) => [status, created_job_ids?.length])).toEqual(
      runs.map(() => ['success', 1]),
    );
    const began = schedulers.flatMap((scheduler) => scheduler.logged('run-began'));
    for (const id of asked) expect(began.filter((line) => line.includes(id))).toHaveLength(1);
  });
});
