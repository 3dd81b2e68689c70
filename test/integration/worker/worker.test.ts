import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { Claim, FlowChanges } from '../../../src/repositories';
import { createRepository } from '../../../src/testing';
import { waitFor } from '../../support/wait-for';
import { useDataLayer } from '../repositories/data-layer';
import { aborted, gate, useWorkers } from './workers';

const layer = useDataLayer({ per: 'all' });
const workers = useWorkers(layer);

const intoRepository = async (): Promise<FlowChanges> => ({
  flow_type: 'backup',
  destination_type: null,
  repository_id: (await createRepository(layer.database.session)).id,
});
const statuses = async (): Promise<string[]> =>
  (
    await layer.dataSource.query<{ status: string }[]>(
      'SELECT status FROM protection_flow_executions ORDER BY status',
    )
  ).map(({ status }) => status);

/** Guards which runs a worker claims, how many at once, and in which order. */
describe('a worker', () => {
  it('runs due flows and queued runs, each once', async () => {
    const ran: string[] = [];
    const run = async ({ flow }: Claim): Promise<void> => void ran.push(flow.id);
    const ids = [...(await workers.due(20)), ...(await workers.queued(20))];
    for (const name of ['one', 'two', 'three']) workers.start(run, { name });
    await workers.idle();
    expect(ran.sort()).toEqual(ids.sort());
    expect(await statuses()).toEqual(ids.map(() => 'success'));
  });

  it('keeps to its limit of simultaneous runs, and uses the limit fully', async () => {
    await workers.due(5);
    await workers.queued(5);
    let [now, most] = [0, 0];
    workers.start(
      async () => {
        most = Math.max(most, (now += 1));
        await setImmediate();
        now -= 1;
      },
      { concurrency: 4 },
    );
    await workers.idle();
    expect(most).toBe(4);
  });

  it.each(['due', 'queued'] as const)(
    'keeps to the limit of a repository together with other workers: %s runs',
    async (what) => {
      const large = await intoRepository();
      await workers[what](12, large);
      const { opened, open } = gate();
      const [limited, others] = [new Set<string>(), new Set<string>()];
      const run = async ({ flow }: Claim): Promise<void> => {
        if (flow.repository_id === null) return void others.add(flow.id);
        limited.add(flow.id);
        await opened;
      };
      for (const name of ['one', 'two', 'three'])
        workers.start(run, { name, concurrency: 10, perRepository: 2 });
      // Each round is a poll that could exceed the limit
      for (let look = 1; look <= 6; look += 1) {
        await workers.queued(1);
        await waitFor(() => others.size === look);
      }
      expect(limited.size).toBe(2);
      open();
      await workers.idle();
      expect(limited.size).toBe(12);
    },
  );

  it('keeps to the limit of a repository while another transaction claims runs', async () => {
    const large = await intoRepository();
    await workers.due(3, large);
    await workers.queued(3, large);
    const { dueFlows } = layer.repositories;
    const options = { worker: 'w', perRepository: 2 };
    await layer.dataSource.transaction(async (manager) => {
      expect((await dueFlows.withManager(manager).claimDue(options)).claimed).toHaveLength(2);
      // The two claims are not committed yet, so this session does not see them
      expect(await dueFlows.claimQueued(options)).toEqual([]);
    });
    expect(await dueFlows.claimQueued(options)).toEqual([]);
    const [{ id } = { id: '' }] = await layer.repositories.executions.listRunning();
    await layer.repositories.executions.finish(id, { status: 'success' });
    expect(await dueFlows.claimQueued(options)).toHaveLength(1);
  });

  it.each(['due', 'queued'] as const)(
    'gives a repository with little work its turn: %s runs',
    async (what) => {
      const [large, small] = [await intoRepository(), await intoRepository()];
      await workers[what](50, large);
      const few = await workers[what](2, small);
      const order: string[] = [];
      workers.start(async ({ flow }) => void order.push(flow.id), { concurrency: 2, perRepository: 2 });
      await workers.idle();
      // When both repositories have equally many runs under way, chance decides: this fails once in a million runs
      expect(order.slice(0, 26)).toEqual(expect.arrayContaining(few));
    },
  );

  it('does not starve the queue when many flows are due', async () => {
    await workers.due(30);
    const [waiting] = await workers.queued(1);
    const order: string[] = [];
    workers.start(async ({ flow }) => void order.push(flow.id), { concurrency: 1 });
    await workers.idle();
    expect(order.indexOf(waiting!)).toBeLessThan(3);
  });

  it('reports due flows that it skips', async () => {
    const [flowId] = await workers.due(1);
    const worker = workers.start(() => undefined, { missed: 'skip', missedAfterMs: 0 });
    expect(await once(worker, 'skipped')).toMatchObject([{ flowId, reason: 'missed' }]);
  });

  it('queues a due run while its flow still runs, with overlap queue, and runs it later', async () => {
    const { executions } = layer.repositories;
    const [flow_id] = await workers.due(1);
    const { id } = await executions.start({ flow_id: flow_id!, execution_type: 'manual' });
    workers.start(() => undefined, { overlap: 'queue' });
    await waitFor(async () => (await statuses()).includes('pending'));
    await executions.finish(id, { status: 'success' });
    await workers.idle();
    expect(await statuses()).toEqual(['success', 'success']);
  });

  it('ends a silent run of another program', async () => {
    const flow_id = (await layer.repositories.flows.create(layer.newFlow())).id;
    const { id } = await layer.repositories.executions.start({ flow_id, execution_type: 'manual' });
    const worker = workers.start(() => undefined, { silenceMs: 1_000, heartbeatMs: 100 });
    expect(await once(worker, 'reaped')).toEqual([id]);
    expect(await statuses()).toEqual(['error']);
  });

  it('that stops claims no more runs, and lets its own runs end', async () => {
    await workers.queued(2);
    const { opened, open } = gate();
    const worker = workers.start(() => opened, { concurrency: 1, stopMs: 60_000 });
    await once(worker, 'began');
    const stopped = worker.stop();
    open();
    await stopped;
    expect(await statuses()).toEqual(['pending', 'success']);
    expect(worker.stop()).toBe(worker.stop());
  });

  it('may be stopped again by a listener of the event stopping', async () => {
    const worker = workers.start(() => undefined);
    let heard = 0;
    const again: Promise<void>[] = [];
    worker.on('stopping', () => {
      heard += 1;
      again.push(worker.stop());
    });
    const stopped = worker.stop();
    await stopped;
    expect(heard).toBe(1);
    expect(again[0]).toBe(stopped);
  });

  it.each([
    [
      'ends when its signal is aborted',
      async ({ signal }: { signal: AbortSignal }) => aborted(signal).then(() => signal.throwIfAborted()),
    ],
    ['ignores its signal', () => new Promise<void>(() => undefined)],
  ] as const)('that stops cancels a run that has not ended in time and %s', async (_, run) => {
    const [flow] = await workers.queued(1);
    const worker = workers.start(run);
    await once(worker, 'began');
    await worker.stop();
    expect(await layer.repositories.flows.get(flow!)).toMatchObject({ last_execution_status: 'cancelled' });
    const { items } = await layer.repositories.executions.history(flow!);
    expect(items).toMatchObject([{ status: 'cancelled', error_message: 'The worker was stopped' }]);
  });

  it('survives errors of its listeners, and reports its own faults', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    await workers.queued(1);
    const worker = workers.start(() => undefined);
    worker.on('began', () => {
      throw new Error('a listener of mine');
    });
    const faults: unknown[] = [];
    worker.on('fault', (error) => faults.push((error as { code?: unknown }).code));
    await workers.idle();
    expect(warn.mock.calls).toEqual([["A listener of a worker's event began threw: a listener of mine"]]);
    warn.mockRestore();
    await layer.dataSource.query('RENAME TABLE protection_flows TO away');
    try {
      await waitFor(() => faults.length > 1);
    } finally {
      await layer.dataSource.query('RENAME TABLE away TO protection_flows');
    }
    // One fault for each poll until the table was back
    expect(new Set(faults)).toEqual(new Set(['MIGRATION_PENDING']));
    await workers.queued(1);
    await workers.idle();
    expect(await statuses()).toEqual(['success', 'success']);
  });
});
