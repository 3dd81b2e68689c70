import type { RunFlow, WorkerRun } from '../../../src/worker';
import { createBackupJob } from '../../../src/testing';
import { waitFor } from '../../support/wait-for';
import { useDataLayer } from '../repositories/data-layer';
import { aborted, useWorkers } from './workers';

const layer = useDataLayer({ per: 'all' });
const workers = useWorkers(layer);

const job = (id: string, status: string) =>
  createBackupJob(layer.database.session, { id, status } as Parameters<typeof createBackupJob>[1]);

/** An object that throws at every access. */
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

interface Case {
  readonly title: string;
  readonly run: RunFlow;
  /** Default: no limit. */
  readonly timeoutMs?: number;
  readonly end: object;
}

/** Guards that, whatever a run does, its execution gets the right end and its worker continues. */
describe('a run', () => {
  const cases: readonly Case[] = [
    { title: 'returns nothing', run: () => undefined, end: { status: 'success', error_message: null } },
    {
      title: 'returns its outcome',
      run: () => ({ status: 'warning', jobs_failed: 2, error_message: 'Two were left out' }),
      end: { status: 'warning', jobs_failed: 2, error_message: 'Two were left out' },
    },
    {
      title: 'returns the states of its jobs',
      run: async ({ recordJobs }) => {
        await recordJobs(['a'], { expected: 2 });
        await recordJobs(['b']);
        return new Map([
          ['a', 'completed'],
          ['b', 'failed'],
        ] as const);
      },
      end: { status: 'warning', jobs_created: 2, jobs_completed: 1, jobs_failed: 1 },
    },
    {
      title: 'recorded jobs that backup_jobs shows as completed',
      run: async ({ recordJobs }) => {
        await recordJobs(['backup-1']);
        await job('backup-1', 'completed');
      },
      end: { status: 'success', jobs_completed: 1 },
    },
    {
      title: 'returns before its jobs are over',
      run: async ({ recordJobs }) => {
        await recordJobs(['backup-2']);
        await job('backup-2', 'running');
      },
      end: { status: 'error', error_message: 'It returned before its jobs were over' },
    },
    {
      title: 'recorded jobs that failed, and returns null',
      run: (async ({ recordJobs }: WorkerRun) => {
        await recordJobs(['backup-3']);
        await job('backup-3', 'failed');
        return null;
      }) as unknown as RunFlow,
      end: { status: 'error', jobs_failed: 1 },
    },
    {
      title: 'throws',
      run: () => Promise.reject(new Error('no route to mysql://root:p@ss#word@db:3306/x, password=hush')),
      end: { status: 'error', error_message: 'no route to mysql://root:***@db:3306/x, password=***' },
    },
    {
      title: 'throws undefined',
      run: () => {
        throw undefined;
      },
      end: { status: 'error', error_message: 'undefined' },
    },
    ...[
      {
        title: 'an error whose message has a NUL',
        thrown: new Error('exit 1: \0done'),
        text: 'exit 1: \ufffddone',
      },
      { title: 'half of a surrogate pair', thrown: '\ud83d, cut', text: '\ufffd, cut' },
      {
        title: 'an error whose long message is cut within an emoji',
        thrown: new Error(`${'x'.repeat(9_999)}😀`),
        text: `${'x'.repeat(9_999)}\ufffd`,
      },
      {
        title: 'an error whose message is a number',
        thrown: Object.assign(new Error(), { message: 5 }),
        text: '5',
      },
      { title: 'a value without text', thrown: Object.create(null), text: 'It threw a value without text' },
      {
        title: 'a value that itself throws when it is read',
        thrown: revoked(),
        text: 'It threw a value without text',
      },
      {
        title: 'a promise that never settles',
        thrown: new Promise(() => undefined),
        text: '[object Promise]',
      },
    ].map(({ title, thrown, text }) => ({
      title: `throws ${title}`,
      run: () => Promise.reject(thrown as Error),
      end: { status: 'error', error_message: text },
    })),
    {
      title: 'returns an invalid outcome',
      run: (() => ({ status: 'done' })) as unknown as RunFlow,
      end: { status: 'error', error_message: expect.stringContaining('status must be one of') as string },
    },
    {
      title: 'reports invalid progress',
      run: ({ progress }) => progress({ jobs_completed: -1 }),
      end: { status: 'error', error_message: expect.stringContaining('jobs_completed') as string },
    },
    ...[
      { options: null, text: 'options must be an object' },
      { options: { expcted: 3 }, text: 'did you mean expected?' },
    ].map(({ options, text }) => ({
      title: `records jobs with the options ${JSON.stringify(options)}`,
      run: ({ recordJobs }: WorkerRun) => recordJobs(['c'], options as object),
      end: { status: 'error', error_message: expect.stringContaining(text) as string },
    })),
    {
      title: 'ended its execution itself',
      run: async ({ execution }) => {
        await layer.repositories.executions.finish(execution.id, { status: 'warning' });
      },
      end: { status: 'warning' },
    },
    {
      title: 'takes too long, and throws when its signal is aborted',
      timeoutMs: 150,
      run: ({ signal }) => aborted(signal).then(() => signal.throwIfAborted()),
      end: { status: 'error', error_message: 'It took longer than 150 ms' },
    },
    {
      title: 'takes too long, and returns when its signal is aborted',
      timeoutMs: 150,
      run: ({ signal }) => aborted(signal),
      end: { status: 'success' },
    },
    {
      title: 'takes too long, and ignores its signal',
      timeoutMs: 150,
      run: () => new Promise<void>(() => undefined),
      end: { status: 'error', error_message: 'It took longer than 150 ms' },
    },
  ];
  it.each(cases)('that $title ends with $end.status', async ({ run, timeoutMs, end }) => {
    const told = await workers.end(run, { timeoutMs, name: 'one' });
    const row = await layer.repositories.executions.get(told.claim.execution.id);
    expect(row).toMatchObject(end);
    expect(told.end.status).toBe(row.status);
    expect(row.execution_metadata).toMatchObject({ worker: 'one' });
  });

  it('that throws does not end its worker', async () => {
    let calls = 0;
    workers.start(() => {
      calls += 1;
      if (calls < 3) throw new Error('not yet');
    });
    await workers.queued(3);
    await workers.idle();
    expect(
      await layer.count("SELECT COUNT(*) FROM protection_flow_executions WHERE status = 'success'"),
    ).toBe(1);
  });

  it('gives signs of life for as long as it takes', async () => {
    const beats = new Set<unknown>();
    await workers.end(async ({ execution }) => {
      await waitFor(async () => {
        const { execution_metadata } = await layer.repositories.executions.get(execution.id);
        if (execution_metadata?.['heartbeat_at'] !== undefined) beats.add(execution_metadata['heartbeat_at']);
        return beats.size > 1;
      });
    });
  });

  it('receives its cancel, and the worker acknowledges the cancel once the run has stopped', async () => {
    const { claim, end } = await workers.end(async ({ execution: { id }, signal }) => {
      const { executions } = layer.repositories;
      await executions.cancel(id, 'not today');
      await aborted(signal);
      expect((await executions.get(id)).execution_metadata).not.toHaveProperty('cancel_acknowledged_at');
      signal.throwIfAborted();
    });
    expect(end).toMatchObject({ status: 'cancelled', error: { message: 'The run is over' } });
    const row = await layer.repositories.executions.get(claim.execution.id);
    expect(row).toMatchObject({ status: 'cancelled', error_message: 'not today' });
    expect(row.execution_metadata).toHaveProperty('cancel_acknowledged_at');
    expect(await layer.repositories.executions.acknowledge(row.id)).toBe(false);
  });

  it('that ignores its cancel gets no acknowledgement', async () => {
    const { claim, end } = await workers.end(async ({ execution: { id } }) => {
      await layer.repositories.executions.cancel(id);
      await new Promise<void>(() => undefined);
    });
    expect(end.status).toBe('cancelled');
    const { execution_metadata } = await layer.repositories.executions.get(claim.execution.id);
    expect(execution_metadata).not.toHaveProperty('cancel_acknowledged_at');
  });

  it('of a deleted flow is stopped', async () => {
    const { end } = await workers.end(async ({ flow, recordJobs }) => {
      await layer.repositories.flows.delete(flow.id);
      await recordJobs(['late']);
    });
    expect(end).toMatchObject({ status: 'deleted', error: { message: 'The run is over' } });
  });
});
