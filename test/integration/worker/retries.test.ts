import { waitFor } from '../../support/wait-for';
import { useDataLayer } from '../repositories/data-layer';
import { useWorkers } from './workers';

const layer = useDataLayer({ per: 'all' });
const workers = useWorkers(layer);

interface Retry {
  readonly of: string;
  readonly attempt: number;
  readonly not_before: string;
}
/** A flow's runs, oldest first, each with the retry of its metadata. */
const chain = async (flow: string) =>
  (await layer.repositories.executions.history(flow)).items
    .map(({ id, status, execution_metadata }) => ({
      id,
      status,
      retry: execution_metadata?.['retry'] as Retry,
    }))
    .reverse();

/** Guards that a failed run is retried as often and as late as configured, and that a restart loses no retry. */
describe('a run that fails', () => {
  it('is retried until it succeeds, and each attempt is a run that names the one before', async () => {
    const attempts: number[] = [];
    workers.start(
      ({ attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error('not yet');
      },
      { retry: { attempts: 5, delayMs: 0 } },
    );
    const [flow] = await workers.due(1);
    await workers.idle();
    const [first, second, third, ...more] = await chain(flow!);
    expect(attempts).toEqual([1, 2, 3]);
    expect([first, second, third]).toMatchObject([
      { status: 'error' },
      { status: 'error', retry: { of: first!.id, attempt: 2 } },
      { status: 'success', retry: { of: second!.id, attempt: 3 } },
    ]);
    expect(more).toEqual([]);
    expect(await layer.repositories.flows.get(flow!)).toMatchObject({
      total_executions: 3,
      failed_executions: 2,
    });
  });

  it('passes on its request to the retry, but not its result', async () => {
    workers.start(
      ({ attempt }) => {
        if (attempt === 1) throw new Error('not yet');
      },
      { retry: { attempts: 2, delayMs: 0 }, name: 'w' },
    );
    const { id: flow_id } = await layer.repositories.flows.create(layer.newFlow());
    const asked = { execution_type: 'api', triggered_by: 'ann', execution_metadata: { ticket: 7 } } as const;
    await layer.repositories.executions.enqueue({ flow_id, ...asked });
    await workers.idle();
    const { items } = await layer.repositories.executions.history(flow_id);
    expect(items).toMatchObject([
      { ...asked, status: 'success' },
      { ...asked, status: 'error' },
    ]);
  });

  it('is given up after the last attempt', async () => {
    workers.start(() => Promise.reject(new Error('never')), { retry: { attempts: 3, delayMs: 0 } });
    const [flow] = await workers.queued(1);
    await waitFor(async () => (await chain(flow!)).filter(({ status }) => status === 'error').length === 3);
    await workers.idle();
    expect(await chain(flow!)).toHaveLength(3);
  });

  it.each([
    ['waits the delay before its first retry', 1, 10_000],
    ['waits twice as long before each further retry', 4, 80_000],
    ['never waits longer than the longest delay', 9, 120_000],
  ])('%s', async (_, attempt, ms) => {
    const { flows, executions } = layer.repositories;
    const { id: flow_id } = await flows.create(layer.newFlow());
    const { id } = await executions.start({ flow_id, execution_type: 'manual' });
    if (attempt > 1)
      await layer.dataSource.query(
        `UPDATE protection_flow_executions SET execution_metadata = '{"retry": {"attempt": ${attempt}}}' WHERE id = ?`,
        [id],
      );
    const retry = { attempts: 20, delayMs: 10_000, longestDelayMs: 120_000 };
    expect(await executions.finish(id, { status: 'error' }, { retry })).toBe(true);
    expect(await executions.finish(id, { status: 'error' }, { retry })).toBe(false);
    const [ended, next, ...more] = await chain(flow_id);
    expect(more).toEqual([]);
    expect(next).toMatchObject({ status: 'pending', retry: { of: id, attempt: attempt + 1 } });
    const end = (await executions.get(ended!.id)).completed_at!.getTime();
    expect(Math.abs(Date.parse(next!.retry.not_before) - end - ms)).toBeLessThanOrEqual(2_000);

    // No worker claims the retry before its time; afterwards any worker does
    const claim = () => layer.repositories.dueFlows.claimQueued({ worker: 'w', perRepository: 5 });
    expect(await claim()).toEqual([]);
    await layer.dataSource.query(
      `UPDATE protection_flow_executions SET execution_metadata = JSON_SET(execution_metadata, '$.retry.not_before', '2020-01-01T00:00:00Z')
        WHERE id = ?`,
      [next!.id],
    );
    expect(await claim()).toMatchObject([{ execution: { id: next!.id } }]);
  });

  it.each([
    [
      'its jobs have failed',
      (id: string) =>
        layer.repositories.executions.settle(id, new Map([['job', 'failed']]), {
          retry: { attempts: 2, delayMs: 0 },
        }),
    ],
    [
      'its worker died',
      async () => {
        await layer.dataSource.query(
          'UPDATE protection_flow_executions SET started_at = NOW() - INTERVAL 1 DAY',
        );
        await layer.repositories.executions.reapStale({
          silenceMs: 1_000,
          retry: { attempts: 2, delayMs: 0 },
        });
      },
    ],
  ])('is also retried when %s', async (_, fail) => {
    const { id: flow_id } = await layer.repositories.flows.create(layer.newFlow());
    const { id } = await layer.repositories.executions.start({ flow_id, execution_type: 'manual' });
    if (_ === 'its jobs have failed') await layer.repositories.executions.recordJobs(id, ['job']);
    await fail(id);
    expect(await chain(flow_id)).toMatchObject([
      { status: 'error' },
      { status: 'pending', retry: { of: id } },
    ]);
  });

  it.each(['success', 'warning', 'cancelled'] as const)(
    'is retried, unlike one that ends with %s',
    async (status) => {
      workers.start(() => ({ status }), { retry: { attempts: 2, delayMs: 0 } });
      const [flow] = await workers.queued(1);
      await workers.idle();
      expect(await chain(flow!)).toMatchObject([{ status }]);
    },
  );
});

// Guards that a value of another program under that key does not silently leave its run in the queue for ever.
it.each(['"9999-01-01T00:00:00Z"', '"soon"', '5', 'true', 'null', '[]', '{}'])(
  'a queued run in which another program stored not_before %s is claimed at once',
  async (time) => {
    const { flows, executions, dueFlows } = layer.repositories;
    const { id: flow_id } = await flows.create(layer.newFlow());
    const { id } = await executions.enqueue({ flow_id, execution_type: 'api' });
    await layer.dataSource.query(
      'UPDATE protection_flow_executions SET execution_metadata = ? WHERE id = ?',
      [`{"retry": {"not_before": ${time}}}`, id],
    );
    const claimed = await dueFlows.claimQueued({ worker: 'w', limit: 1_000 });
    expect(claimed.map(({ execution }) => execution.id)).toContain(id);
  },
);

it('a run in which another program stored an attempt that is not a number counts as the first attempt', async () => {
  const { flows, executions } = layer.repositories;
  const attempts: number[] = [];
  const { id: flow_id } = await flows.create(layer.newFlow());
  const { id } = await executions.enqueue({ flow_id, execution_type: 'api' });
  await layer.dataSource.query(
    `UPDATE protection_flow_executions SET execution_metadata = '{"retry": {"attempt": "first"}}' WHERE id = ?`,
    [id],
  );
  workers.start((run) => void attempts.push(run.attempt));
  await workers.idle();
  expect(attempts).toEqual([1]);
});
