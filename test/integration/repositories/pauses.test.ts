import { migrate, rollback } from '../../../src/engine/migrate';
import { createRepositories, type FlowChanges } from '../../../src/repositories';
import { createSchedule } from '../../../src/testing';
import { PlatformHub, toItsEnd } from '../../support/platform-hub';
import { connectRival } from './transactions-rival';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'each' });
const query = <Row>(sql: string, ...values: unknown[]) =>
  layer.database.session.query(sql, values) as Promise<Row[]>;

/** A minute after 12:00 on 5 May 2030, in UTC. */
const at = (minute: number): Date => new Date(Date.UTC(2030, 4, 5, 12, minute));
const claimAt = (now: Date) => layer.repositories.dueFlows.claimDue({ worker: 'w', limit: 100, now });
const queued = async () =>
  (await layer.repositories.dueFlows.claimQueued({ worker: 'w', limit: 2 })).map(({ flow }) => flow.id);

/** Creates a flow that is due each minute from 12:00 on. */
async function dueFlow(changes: FlowChanges = {}): Promise<string> {
  const { id: schedule_id } = await createSchedule(layer.database.session, { cron_expression: '* * * * *' });
  const { id } = await layer.repositories.flows.create(layer.newFlow({ ...changes, schedule_id }));
  await query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', at(0), id);
  return id;
}

/** Starts a run of the flow and ends it with this status. */
async function ran(flow_id: string, status: 'success' | 'warning' | 'error'): Promise<string> {
  const { executions } = layer.repositories;
  const { id } = await executions.start({ flow_id, execution_type: 'manual' });
  await executions.finish(id, { status });
  return id;
}
const isPaused = async (): Promise<boolean> => (await layer.repositories.flows.listPaused()).length > 0;

// Guards that a flow that an operator has paused does not run, and runs again afterwards.
describe('a paused flow', () => {
  it('is skipped by claims, which record the skip in the ledger, and continues by itself after the pause', async () => {
    const { flows } = layer.repositories;
    const [paused, other] = [await dueFlow(), await dueFlow()];
    await flows.pause(paused, { until: at(2), note: 'new firmware', by: 'ada' });
    expect(await flows.listPaused()).toEqual([
      {
        flowId: paused,
        pausedAt: expect.any(Date),
        until: at(2),
        note: 'new firmware',
        by: 'ada',
      },
    ]);
    const first = await claimAt(at(0));
    expect(first.claimed.map(({ flow }) => flow.id)).toEqual([other]);
    expect(first.skipped).toEqual([{ flowId: paused, reason: 'paused', dueAt: at(0) }]);
    expect((await claimAt(at(1))).skipped).toContainEqual({ flowId: paused, reason: 'paused', dueAt: at(1) });
    expect((await claimAt(at(2))).claimed.map(({ flow }) => flow.id)).toEqual([paused]);
    const kept = await query('SELECT reason, runs FROM sendense_flow_skips WHERE flow_id = ?', paused);
    expect(kept).toEqual([{ reason: 'paused', runs: 2 }]);
  });

  it('cannot get an end in the past, and its pause stays unchanged', async () => {
    const { flows } = layer.repositories;
    const id = await dueFlow();
    await flows.pause(id, { note: 'until further notice' });
    const over = flows.pause(id, { until: new Date(Date.now() - 60_000), note: 'too late' });
    await expect(over).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { entity: 'pause', fields: [{ field: 'until' }] },
    });
    expect(await flows.listPaused()).toMatchObject([
      { flowId: id, note: 'until further notice', until: null },
    ]);
    await flows.resume(id);
  });

  it('leaves its runs in the queue, where they do not block other runs', async () => {
    const { flows, executions } = layer.repositories;
    const [paused, other] = [await dueFlow(), await dueFlow()];
    for (const flow_id of [paused, paused, paused, other])
      await executions.enqueue({ flow_id, execution_type: 'api' });
    await flows.pause(paused);
    expect(await queued()).toEqual([other]);
    expect(await flows.resume(paused)).toBe(true);
    expect(await flows.resume(paused)).toBe(false);
    expect(await queued()).toEqual([paused]);
  });

  it('can still be started manually, and its pause can be changed', async () => {
    const { flows, executions } = layer.repositories;
    const flow_id = await dueFlow();
    await flows.pause(flow_id.toUpperCase(), { note: 'one' });
    await flows.pause(flow_id, { note: 'two' });
    expect(await flows.listPaused()).toMatchObject([
      { flowId: flow_id, note: 'two', until: null, by: 'system' },
    ]);
    expect(await executions.start({ flow_id, execution_type: 'manual' })).toMatchObject({
      status: 'running',
    });
    await expect(flows.pause('none')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
    await expect(flows.resume('none')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
  });

  it('loses its pause when it is deleted', async () => {
    const { flows } = layer.repositories;
    const id = await dueFlow();
    await flows.pause(id);
    await flows.delete(id);
    expect(await layer.count('SELECT COUNT(*) FROM sendense_flow_pauses')).toBe(0);
  });

  it('is not claimed while its pause waits for a lock, nor afterwards', async () => {
    const id = await dueFlow();
    const rival = await connectRival(layer.database);
    await rival.hold('SELECT id FROM protection_flows WHERE id = ? FOR UPDATE', [id]);
    const pausing = layer.repositories.flows.pause(id);
    expect((await claimAt(at(0))).claimed).toEqual([]);
    await rival.rollback();
    await pausing;
    expect((await claimAt(at(0))).claimed).toEqual([]);
  });
});

// Guards that a flow that fails every night is paused, and that old failures do not pause a flow.
describe('failures in a row', () => {
  it.each([
    ['pause the flow after three of three', ['error', 'error', 'error'], true],
    ['do not pause the flow after two of three', ['error', 'error'], false],
    ['do not pause the flow with a success among them', ['error', 'success', 'error', 'error'], false],
    ['do not pause the flow with a warning among them', ['error', 'error', 'warning', 'error'], false],
  ] as const)('%s', async (_what, ends, wanted) => {
    const id = await dueFlow();
    await layer.repositories.flows.pauseAfterFailures(id, 3);
    for (const status of ends) await ran(id, status);
    expect(await isPaused()).toBe(wanted);
  });

  it('that paused the flow are not counted again, in whichever spelling the last run ended', async () => {
    const { flows, executions } = layer.repositories;
    const id = await dueFlow();
    await flows.pauseAfterFailures(id, 1);
    const run = await executions.start({ flow_id: id, execution_type: 'manual' });
    await executions.finish(run.id.toUpperCase(), { status: 'error' });
    expect(await flows.resume(id)).toBe(true);
    await flows.pauseAfterFailures(id, 2);
    await ran(id, 'error');
    expect(await isPaused()).toBe(false);
  });

  it('pause the flow in the transaction that ends the last run, and are counted from zero once it continues', async () => {
    const { flows, executions } = layer.repositories;
    const id = await dueFlow();
    await flows.pauseAfterFailures(id, 2);
    await ran(id, 'error');
    const { id: last } = await executions.start({ flow_id: id, execution_type: 'manual' });
    const undone = layer.dataSource.manager.transaction(async (manager) => {
      const own = createRepositories(manager);
      await own.executions.finish(last, { status: 'error' });
      expect(await own.flows.listPaused()).toMatchObject([
        { flowId: id, note: '2 runs in a row have failed', by: null, until: null },
      ]);
      throw new Error('undone by the caller');
    });
    await expect(undone).rejects.toThrow('undone by the caller');
    expect(await isPaused()).toBe(false);
    await executions.settle(last, new Map());
    await executions.recordJobs(last, ['job']);
    expect(await executions.settle(last, new Map([['job', 'failed']]))).toMatchObject({ status: 'error' });
    expect(await isPaused()).toBe(true);
    await flows.resume(id);
    await ran(id, 'error');
    expect(await isPaused()).toBe(false);
    await ran(id, 'error');
    expect(await isPaused()).toBe(true);
    await flows.resume(id);
    await flows.pauseAfterFailures(id, null);
    for (let n = 0; n < 3; n += 1) await ran(id, 'error');
    expect(await isPaused()).toBe(false);
  });
});

// Guards that each program sees the pauses and failures of the other.
it('failures of the hub count towards a pause, and a pause does not stop the hub', async () => {
  const { flows } = layer.repositories;
  const id = await dueFlow();
  const hub = await PlatformHub.connect(layer.database.settings, 'server');
  await flows.pauseAfterFailures(id, 2);
  await flows.pause(id);
  await toItsEnd(hub.start(id, { failing: 1 }));
  await hub.editFlow(id, { description: 'edited' });
  expect(await flows.get(id)).toMatchObject({ enabled: true, total_executions: 1, failed_executions: 1 });
  expect(await flows.listPaused()).toMatchObject([{ flowId: id, by: 'system' }]);
  await flows.resume(id);
  await ran(id, 'error');
  expect(await flows.listPaused()).toMatchObject([{ flowId: id, by: null }]);
  expect(hub.refused).toEqual([]);
  hub.close();
});

// Guards that programs of two releases work beside each other, and that a rollback does not silently drop pauses.
describe('the table of pauses', () => {
  it('is needed only by pauses, and is not rolled back without a request while it holds rows', async () => {
    const { flows, executions } = layer.repositories;
    const id = await dueFlow();
    await flows.pause(id);
    await expect(rollback(layer.dataSource)).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
      details: { table: 'sendense_flow_pauses', rows: 1 },
    });
    await rollback(layer.dataSource, { discardRows: true });
    await expect(flows.pause(id)).rejects.toMatchObject({ code: 'MIGRATION_PENDING' });
    expect(await isPaused()).toBe(false);
    expect((await claimAt(at(0))).claimed).toHaveLength(1);
    const [run] = await executions.listRunning();
    expect(await executions.finish(run!.id, { status: 'error' })).toBe(true);
    await executions.enqueue({ flow_id: id, execution_type: 'api' });
    expect(await queued()).toEqual([id]);
    await migrate(layer.dataSource);
    await flows.pause(id);
    expect(await isPaused()).toBe(true);
  });
});
