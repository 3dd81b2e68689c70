import { createBackupJob } from '../../../src/testing';
import { uniqueSuffix } from '../../../src/testing/platform-rows';
import { useDataLayer, type DataLayer } from './data-layer';

/** Creates a flow with a run under way, and jobs by their names. */
async function runWith(
  layer: DataLayer,
  jobs: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  expected = 0,
): Promise<{ flow: string; run: string; set: (job: string, changes: object) => Promise<unknown> }> {
  const { flows, executions } = layer.repositories;
  const { session } = layer.database;
  const flow = (await flows.create(layer.newFlow())).id;
  const run = (await executions.start({ flow_id: flow, execution_type: 'manual' })).id;
  const of = uniqueSuffix();
  const ids = Object.keys(jobs).map((name) => `backup-${name}-${of}`);
  const repository_id = layer.platform.repositories[0];
  for (const [name, columns] of Object.entries(jobs))
    await createBackupJob(session, { id: `backup-${name}-${of}`, repository_id, ...columns });
  await executions.recordJobs(run, ids);
  if (expected > 0)
    await session.query('UPDATE protection_flow_executions SET jobs_created = ? WHERE id = ?', [
      expected,
      run,
    ]);
  return {
    flow,
    run,
    set: (job, changes) =>
      session.query('UPDATE backup_jobs SET ? WHERE id = ?', [changes, `backup-${job}-${of}`]),
  };
}

const gigabyte = 1_000_000_000;
const at = (second: number): Date => new Date(Date.UTC(2026, 2, 1, 2, 0, second));
const running = { status: 'running', started_at: at(0) };

// Guards that the progress bar of the page shows real values, and never runs backwards.
describe.each(['older', 'newer'] as const)(
  'the progress of runs, on an %s release of the platform',
  (age) => {
    const layer = useDataLayer({ age, platform: 'mixed' });
    const progressOf = async (flow: string) => {
      const progress = await layer.repositories.executions.progress([flow]);
      return progress.get(flow)!;
    };

    it('is measured in bytes when every job has a size', async () => {
      const { flow, run } = await runWith(layer, {
        a: { ...running, bytes_transferred: gigabyte, total_bytes: 4 * gigabyte },
        b: {
          status: 'completed',
          completed_at: at(9),
          bytes_transferred: 2 * gigabyte,
          total_bytes: 4 * gigabyte,
        },
      });
      expect(await progressOf(flow)).toMatchObject({
        executionId: run,
        percent: 62.5,
        bytesTransferred: 3 * gigabyte,
        totalBytes: 8 * gigabyte,
        jobs: 2,
        jobsOver: 1,
        startedAt: expect.any(Date) as Date,
      });
    });

    it('is measured in jobs when a job has no size, and by the counters of the run when these are higher', async () => {
      const { flow, run, set } = await runWith(layer, { a: running, b: running, c: running }, 4);
      expect(await progressOf(flow)).toMatchObject({ percent: 0, totalBytes: null, jobs: 4 });
      await set('a', { status: 'failed', completed_at: at(3) });
      expect(await progressOf(flow)).toMatchObject({ percent: 25, jobsOver: 1 });
      await layer.repositories.executions.progress(run, { jobs_completed: 3, bytes_transferred: 7 });
      expect(await progressOf(flow)).toMatchObject({ percent: 75, jobsOver: 3, bytesTransferred: 7 });
    });

    it('does not fall when jobs get their sizes one by one', async () => {
      const { flow, set } = await runWith(layer, { a: running, b: running, c: {} }, 3);
      const shown: number[] = [];
      const look = async () => shown.push((await progressOf(flow)).percent!);
      await look();
      await set('a', { total_bytes: gigabyte, bytes_transferred: gigabyte / 2 });
      await look();
      await set('a', { status: 'completed', completed_at: at(10), bytes_transferred: gigabyte });
      await set('b', { total_bytes: gigabyte });
      await look();
      // The last job is larger than all others together
      await set('c', { status: 'running', started_at: at(12), total_bytes: 98 * gigabyte });
      await look();
      await set('b', { status: 'completed', completed_at: at(14), bytes_transferred: gigabyte });
      await look();
      await set('c', { bytes_transferred: 90 * gigabyte });
      await look();
      await set('c', { status: 'completed', completed_at: at(20), bytes_transferred: 98 * gigabyte });
      await look();
      expect(shown).toEqual([0, 0, 33.33, 33.33, 33.33, 92, 100]);
    });

    it('is given for the newest run under way of each flow, under the id that the caller gave', async () => {
      const { flow, run } = await runWith(layer, {});
      const idle = (await layer.repositories.flows.create(layer.newFlow())).id;
      // As the hub begins a run beside another one under way
      await layer.database.session.query(
        `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at, created_at)
       VALUES ('older', ?, 'running', 'manual', '2020-01-01', '2020-01-01')`,
        [flow],
      );
      await layer.repositories.executions.enqueue({ flow_id: flow, execution_type: 'api' });
      const found = await layer.repositories.executions.progress([idle, flow.toUpperCase(), 'none']);
      expect([...found]).toEqual([[flow.toUpperCase(), expect.objectContaining({ executionId: run })]]);
      expect(found.get(flow.toUpperCase())).toMatchObject({
        percent: null,
        bytesTransferred: 0,
        phase: null,
        bytesPerSecond: null,
        etaSeconds: null,
        stalled: null,
      });
      expect(await layer.repositories.executions.progress([])).toEqual(new Map());
    });

    it('ignores a value that is not a list of jobs, and unknown jobs', async () => {
      const { flow, run } = await runWith(layer, {
        a: { ...running, total_bytes: 10, bytes_transferred: 5 },
      });
      const { session } = layer.database;
      const write = (json: string) =>
        session.query(
          'UPDATE protection_flow_executions SET created_job_ids = ?, jobs_created = 0 WHERE id = ?',
          [json, run],
        );
      for (const [json, percent] of [
        ['null', null],
        ['"text"', null],
        ['{"a": 1}', null],
        ['["gone", 7]', 0],
      ] as const) {
        await write(json);
        expect([json, (await progressOf(flow)).percent]).toEqual([json, percent]);
      }
    });
  },
);

// Guards that a run that hangs does not look like a run that works.
describe('the progress that a newer release reports', () => {
  const layer = useDataLayer({ age: 'newer' });
  const ago = (seconds: number) => new Date(Math.floor(Date.now() / 1000 - seconds) * 1000);

  it('is the phase of the job that reported last, the total speed, and the remaining time', async () => {
    const known = { ...running, total_bytes: 1_000, bytes_transferred: 100 };
    const { flow } = await runWith(layer, {
      a: {
        ...known,
        current_phase: 'snapshot',
        transfer_speed_bps: 20,
        eta_seconds: 9,
        last_telemetry_at: ago(60),
      },
      b: {
        ...known,
        current_phase: 'transferring',
        transfer_speed_bps: 80,
        eta_seconds: 7,
        last_telemetry_at: ago(5),
      },
    });
    const { executions } = layer.repositories;
    const found = (await executions.progress([flow])).get(flow);
    expect(found).toMatchObject({
      percent: 10,
      phase: 'transferring',
      bytesPerSecond: 100,
      etaSeconds: 18,
      stalled: false,
    });
    expect(Math.abs(found!.lastTelemetryAt!.getTime() - ago(5).getTime())).toBeLessThan(60_000);
    expect((await executions.progress([flow], { stalledAfterMs: 1_000 })).get(flow)).toMatchObject({
      stalled: true,
      etaSeconds: null,
    });
  });

  it('is the percentage of the jobs when no job has a size', async () => {
    const { flow } = await runWith(layer, {
      a: { ...running, progress_percent: 50.5, eta_seconds: 30 },
      b: { ...running, progress_percent: 0, eta_seconds: 90 },
    });
    expect((await layer.repositories.executions.progress([flow])).get(flow)).toMatchObject({
      percent: 25.25,
      etaSeconds: 90,
      stalled: null,
    });
  });
});

describe('without the platform’s tables', () => {
  const bare = useDataLayer({ platform: 'none' });

  it('the progress of a run comes from the run itself', async () => {
    const { flows, executions } = bare.repositories;
    const flow = (await flows.create(bare.newFlow())).id;
    const run = await executions.start({ flow_id: flow, execution_type: 'manual' });
    await executions.recordJobs(run.id, ['a', 'b']);
    await executions.progress(run.id, { jobs_completed: 1, bytes_transferred: 5 });
    expect((await executions.progress([flow])).get(flow)).toMatchObject({ percent: 50, bytesTransferred: 5 });
  });
});
