import { uuidv7 } from 'uuidv7';
import { createScheduleExecution } from '../../../src/testing';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();

const missing = '00000000-0000-7000-8000-000000000000';
const flow = async (): Promise<string> => (await layer.repositories.flows.create(layer.newFlow())).id;
const startedRun = async (flow_id?: string) =>
  layer.repositories.executions.start({ flow_id: flow_id ?? (await flow()), execution_type: 'manual' });

// Guards that a run begins once, is counted once and is not overwritten, unlike on the platform.
describe('a run that is started', () => {
  it('is running at once, and its flow shows it', async () => {
    const { executions, flows } = layer.repositories;
    const { id: schedule_execution_id } = await createScheduleExecution(layer.database.session);
    const flow_id = await flow();
    const run = await executions.start({
      flow_id,
      execution_type: 'api',
      triggered_by: 'ann',
      schedule_execution_id,
      execution_metadata: { ticket: 7 },
    });
    expect(await executions.get(run.id)).toEqual(run);
    expect(run).toMatchObject({ status: 'running', triggered_by: 'ann', created_job_ids: null });
    expect(await flows.get(flow_id)).toMatchObject({
      last_execution_id: run.id,
      last_execution_status: 'running',
      last_execution_time: run.started_at,
      total_executions: 1,
    });
  });

  it('is only one run, however often start is repeated with its id', async () => {
    const { executions } = layer.repositories;
    const input = { id: uuidv7(), flow_id: await flow(), execution_type: 'manual' as const };
    const first = await executions.start(input);
    expect(await executions.start(input)).toEqual(first);
    await executions.finish(first.id, { status: 'success' });
    expect(await executions.start(input)).toMatchObject({ id: first.id, status: 'success' });
    expect(
      await layer.count('SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ?', [input.flow_id]),
    ).toBe(1);
  });

  it('is refused while another run of the flow continues', async () => {
    const { executions, flows } = layer.repositories;
    const run = await startedRun();
    await expect(startedRun(run.flow_id)).rejects.toMatchObject({
      code: 'FLOW_STILL_RUNNING',
      details: { flowId: run.flow_id, executionId: run.id },
    });
    expect(await flows.get(run.flow_id)).toMatchObject({ last_execution_id: run.id });
    await executions.finish(run.id, { status: 'success' });
    expect(await startedRun(run.flow_id)).toMatchObject({ status: 'running' });
  });

  it('is refused for a missing flow, and for wrong input with every wrong field', async () => {
    const { executions } = layer.repositories;
    const wrong = { flow_id: missing, execution_type: 'manual' as const };
    await expect(executions.start(wrong)).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
    await expect(executions.enqueue(wrong)).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
    await expect(
      executions.start({ flow_id: '', execution_type: 'cron' as 'api', status: 'success' } as never),
    ).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'status' }, { field: 'flow_id' }, { field: 'execution_type' }] },
    });
    await expect(
      executions.start({ flow_id: await flow(), execution_type: 'api', schedule_execution_id: missing }),
    ).rejects.toMatchObject({ code: 'REFERENCE_NOT_FOUND' });
  });
});

describe('a run in the queue', () => {
  it('begins once on request, and only when the flow has no other run', async () => {
    const { executions } = layer.repositories;
    const first = await startedRun();
    const next = await executions.enqueue({ flow_id: first.flow_id, execution_type: 'api' });
    expect(next).toMatchObject({ status: 'pending', started_at: null });
    await expect(executions.begin(next.id)).rejects.toMatchObject({ code: 'FLOW_STILL_RUNNING' });
    await executions.finish(first.id, { status: 'success' });
    expect(await executions.begin(next.id)).toBe(true);
    expect(await executions.begin(next.id)).toBe(false);
    expect(await executions.get(next.id)).toMatchObject({ status: 'running', started_at: expect.any(Date) });
    await expect(executions.begin(missing)).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
  });

  it('can be cancelled before it has run, but cannot succeed', async () => {
    const { executions, flows } = layer.repositories;
    const flow_id = await flow();
    const queued = () => executions.enqueue({ flow_id, execution_type: 'manual' });
    const one = await queued();
    await expect(executions.finish(one.id, { status: 'success' })).rejects.toMatchObject({
      code: 'TRANSITION_REFUSED',
    });
    expect(await executions.cancel(one.id, 'not today')).toBe(true);
    expect(await executions.get(one.id)).toMatchObject({
      status: 'cancelled',
      error_message: 'not today',
      started_at: null,
      execution_time_seconds: null,
    });
    expect(await flows.get(flow_id)).toMatchObject({
      last_execution_id: one.id,
      last_execution_status: 'cancelled',
      total_executions: 0,
    });
  });

  it('does not set the status of its flow while another run continues', async () => {
    const { executions, flows } = layer.repositories;
    const run = await startedRun();
    const queued = await executions.enqueue({ flow_id: run.flow_id, execution_type: 'api' });
    await executions.cancel(queued.id);
    expect(await flows.get(run.flow_id)).toMatchObject({
      last_execution_id: run.id,
      last_execution_status: 'running',
      total_executions: 1,
    });
  });
});

describe('the end of a run', () => {
  it.each([
    ['success', 1, 0],
    ['warning', 0, 0],
    ['error', 0, 1],
    ['cancelled', 0, 0],
  ] as const)('%s is counted once, whichever call comes second', async (status, successful, failed) => {
    const { executions, flows } = layer.repositories;
    const run = await startedRun();
    const outcome = { status, error_message: status === 'error' ? 'disk full' : null, vms_processed: 3 };
    expect(await executions.finish(run.id, outcome)).toBe(true);
    expect(await executions.finish(run.id, { status: 'error', vms_processed: 9 })).toBe(false);
    expect(await executions.get(run.id)).toMatchObject({
      ...outcome,
      completed_at: expect.any(Date),
      execution_time_seconds: expect.any(Number),
    });
    const { completed_at } = await executions.get(run.id);
    expect(await flows.get(run.flow_id)).toMatchObject({
      last_execution_id: run.id,
      last_execution_status: status,
      last_execution_time: completed_at,
      total_executions: 1,
      successful_executions: successful,
      failed_executions: failed,
    });
  });

  it('stays unchanged when the starter writes after the end', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    await executions.finish(run.id, { status: 'success' });
    expect(await executions.recordJobs(run.id, ['late'])).toBe(false);
    expect(await executions.progress(run.id, { bytes_transferred: 9 })).toBe(false);
    expect(await executions.begin(run.id)).toBe(false);
    expect(await executions.get(run.id)).toMatchObject({
      status: 'success',
      created_job_ids: null,
      bytes_transferred: 0,
    });
  });

  it('is an error for a missing run', async () => {
    const { executions } = layer.repositories;
    const code = 'EXECUTION_NOT_FOUND';
    await expect(executions.finish(missing, { status: 'error' })).rejects.toMatchObject({ code });
    await expect(executions.cancel(missing)).rejects.toMatchObject({ code });
    await expect(executions.progress(missing)).rejects.toMatchObject({ code });
    await expect(executions.recordJobs(missing, [])).rejects.toMatchObject({ code });
    await expect(executions.settle(missing)).rejects.toMatchObject({ code });
    await expect(executions.get(missing)).rejects.toMatchObject({ code });
    expect(await executions.find(missing)).toBeNull();
  });
});

describe('progress', () => {
  it('only grows, and merges its metadata', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    await executions.progress(run.id, { bytes_transferred: 500, execution_metadata: { a: 1, b: 1 } });
    await executions.progress(run.id, {
      bytes_transferred: 200,
      jobs_completed: 2,
      execution_metadata: { b: 2 },
    });
    const { execution_metadata, ...columns } = await executions.get(run.id);
    expect(columns).toMatchObject({ bytes_transferred: 500, jobs_completed: 2 });
    expect(execution_metadata).toMatchObject({ a: 1, b: 2, heartbeat_at: expect.stringMatching(/Z$/) });
  });

  it('accepts numbers that JavaScript holds exactly, and refuses others, every field at once', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    await executions.progress(run.id, { bytes_transferred: Number.MAX_SAFE_INTEGER });
    expect(await executions.get(run.id)).toMatchObject({ bytes_transferred: Number.MAX_SAFE_INTEGER });
    await expect(
      executions.progress(run.id, { bytes_transferred: 2 ** 53, jobs_failed: -1 }),
    ).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: {
        fields: expect.arrayContaining([
          expect.objectContaining({ field: 'bytes_transferred' }),
          expect.objectContaining({ field: 'jobs_failed' }),
        ]),
      },
    });
  });
});

describe('the jobs of a run', () => {
  it.each<[string, string[]]>([
    ['none', []],
    ['200', Array.from({ length: 200 }, (_, at) => `backup-vm ${at} ✓-17${at}`)],
  ])('round-trip: %s', async (_title, ids) => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    expect(run.created_job_ids).toBeNull();
    await executions.recordJobs(run.id, ids);
    expect(await executions.get(run.id)).toMatchObject({ created_job_ids: ids, jobs_created: ids.length });
  });

  it('are added one by one, without duplicates', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    await executions.recordJobs(run.id, ['a'], { more: true });
    await executions.recordJobs(run.id, ['a', 'b'], { more: true });
    await executions.recordJobs(run.id, ['c']);
    expect(await executions.get(run.id)).toMatchObject({ created_job_ids: ['a', 'b', 'c'], jobs_created: 3 });
  });

  // Guards that the progress bar of a page does not run backwards when a job is recorded
  it('have the expected total from the first job on, and the actual total at the end', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    const shares: number[] = [];
    const looked = async (): Promise<number> => {
      const { jobs_completed, jobs_created } = await executions.get(run.id);
      shares.push(jobs_completed / jobs_created);
      return jobs_created;
    };
    await executions.recordJobs(run.id, ['a'], { more: true, expected: 4 });
    expect(await looked()).toBe(4);
    await executions.progress(run.id, { jobs_completed: 1 });
    expect(await looked()).toBe(4);
    // The expected total is given once; a late call with a smaller total does not lower it
    await executions.recordJobs(run.id, ['b', 'c'], { more: true });
    await executions.recordJobs(run.id, ['a'], { more: true, expected: 1 });
    expect(await looked()).toBe(4);
    await executions.progress(run.id, { jobs_completed: 3 });
    await executions.recordJobs(run.id, [], { expected: 4 });
    expect(await looked()).toBe(3);
    await executions.recordJobs(run.id, ['a'], { more: true, expected: 4 });
    expect(await looked()).toBe(3);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(
      await executions.settle(run.id, new Map(['a', 'b', 'c'].map((job) => [job, 'completed']))),
    ).toMatchObject({
      status: 'success',
    });
  });

  it('may be more than were expected', async () => {
    const { executions } = layer.repositories;
    const run = await startedRun();
    await executions.recordJobs(run.id, ['a', 'b', 'c'], { more: true, expected: 2 });
    expect(await executions.get(run.id)).toMatchObject({ jobs_created: 3 });
    for (const expected of [-1, 1.5, '2' as never])
      await expect(executions.recordJobs(run.id, ['d'], { more: true, expected })).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        details: { fields: [{ field: 'expected' }] },
      });
  });

  it('are found exactly: without wildcards, other case, parts or accents', async () => {
    const { executions } = layer.repositories;
    const wild = await startedRun();
    const exact = await startedRun();
    await executions.recordJobs(wild.id, ['webX1', 'WEB_1', 'web_11', 'wéb_1', 'a"b\\c']);
    expect(await executions.findRunningByJob('web_1')).toBeNull();
    await executions.recordJobs(exact.id, ['web_1', 'other']);
    expect(await executions.findRunningByJob('web_1')).toMatchObject({ id: exact.id });
    expect(await executions.findRunningByJob('a"b\\c')).toMatchObject({ id: wild.id });
    await executions.finish(exact.id, { status: 'success' });
    expect(await executions.findRunningByJob('web_1')).toBeNull();
  });

  it('are refused as a list of blank ids', async () => {
    const run = await startedRun();
    await expect(layer.repositories.executions.recordJobs(run.id, [' '])).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'jobIds' }] },
    });
  });
});
