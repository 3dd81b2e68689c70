import { metrics, type FlowMetrics, type Metrics, type MetricsOptions } from '../../../src/metrics';
import { createSchedule } from '../../../src/testing';
import { useDataLayer } from '../repositories/data-layer';

const layer = useDataLayer({ per: 'each', age: 'newer', platform: 'mixed' });
const ask = (sql: string, parameters: unknown[] = []): Promise<unknown> =>
  layer.database.session.query(sql, parameters);
const read = (options?: MetricsOptions): Promise<Metrics> => metrics(layer.dataSource, options);
const at = (time: string): Date => new Date(`2026-01-${time}Z`);

/** Creates a flow with these columns and runs, last updated long ago. */
async function flow(columns: Readonly<Record<string, unknown>> = {}, ...runs: RunRow[]): Promise<string> {
  const { id } = await layer.repositories.flows.create(layer.newFlow());
  const set = { updated_at: at('01T00:00:00'), ...columns };
  await ask(
    `UPDATE protection_flows SET ${Object.keys(set)
      .map((name) => `${name} = ?`)
      .join(', ')} WHERE id = ?`,
    [...Object.values(set), id],
  );
  for (const [run, status, created, completed = null, metadata = null] of runs)
    await ask(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, started_at, completed_at, execution_metadata)
       VALUES (?, ?, ?, 'scheduled', ?, ?, ?, ?)`,
      [run, id, status, created, status === 'pending' ? null : created, completed, metadata],
    );
  return id;
}
type RunRow = readonly [
  id: string,
  status: string,
  created: Date,
  completed?: Date | null,
  metadata?: string | null,
];

const schedule = async (columns: Readonly<Record<string, unknown>>): Promise<string> =>
  (await createSchedule(layer.database.session, columns)).id;

async function one(id: string): Promise<FlowMetrics> {
  const { flows } = await read({ flowIds: [id] });
  expect(flows.map((found) => found.id)).toEqual([id]);
  return flows[0]!;
}

// Guards against wrong numbers, such as an overdue backup that no metric shows.
describe('the metrics of a flow', () => {
  it('give the end of the last successful run, whichever runs came after it', async () => {
    const success = { last_execution_status: 'success', last_execution_time: at('09T03:00:00') };
    expect(await one(await flow(success))).toMatchObject({ lastSuccess: at('09T03:00:00') });
    expect(await one(await flow())).toMatchObject({ lastSuccess: null, last_execution_status: 'pending' });
    // Ids that do not grow with time, as those of the platform's hub
    const id = await flow(
      { last_execution_status: 'error', last_execution_time: at('12T02:10:00') },
      ['z-oldest', 'success', at('07T02:00:00'), at('07T02:30:00')],
      ['a-newest', 'success', at('09T02:00:00'), at('09T02:40:00')],
      ['m-cancelled', 'cancelled', at('11T02:00:00'), at('11T02:10:00')],
      ['n-failed', 'error', at('12T02:00:00'), at('12T02:10:00')],
    );
    expect(await one(id)).toMatchObject({ lastSuccess: at('09T02:40:00'), last_execution_status: 'error' });
  });

  it.each([
    ['*/5 * * * *', 300],
    ['0 2 * * *', 86_400],
    ['0 2 * * 1-5', 3 * 86_400],
    ['0 0 1 * *', 31 * 86_400],
    ['0 0 31 2 *', null],
  ])('give the longest interval between two runs of its schedule: %s', async (cron_expression, seconds) => {
    const schedule_id = await schedule({ cron_expression, timezone: 'UTC' });
    expect(await one(await flow({ schedule_id }))).toMatchObject({ expectedIntervalSeconds: seconds });
    expect(await one(await flow({ schedule_id, enabled: false }))).toMatchObject({
      expectedIntervalSeconds: null,
    });
  });

  it('give the time since when it is overdue, even if no scheduler has planned it', async () => {
    const schedule_id = await schedule({ cron_expression: '0 2 * * *', timezone: 'UTC' });
    const due = { schedule_id, next_execution_time: at('03T02:00:00') };
    expect(await one(await flow(due))).toMatchObject({ overdueSince: at('03T02:00:00') });
    expect(await one(await flow({ ...due, enabled: false }))).toMatchObject({ overdueSince: null });
    const later = { ...due, next_execution_time: new Date('2037-01-01T02:00:00Z') };
    expect(await one(await flow(later))).toMatchObject({ overdueSince: null });
    // Nobody has planned it since it was updated, or since its last run
    const unplanned = { schedule_id, next_execution_time: null };
    expect(await one(await flow(unplanned))).toMatchObject({ overdueSince: at('01T02:00:00') });
    expect(await one(await flow({ ...unplanned, last_execution_time: at('05T02:30:00') }))).toMatchObject({
      overdueSince: at('06T02:00:00'),
    });
    expect(await one(await flow({ ...unplanned, updated_at: new Date() }))).toMatchObject({
      overdueSince: null,
    });
  });

  it('give the reason when its schedule has no next time', async () => {
    const faultOf = async (columns: object): Promise<unknown> =>
      (await one(await flow({ schedule_id: await schedule({ ...columns }), next_execution_time: null })))
        .scheduleFault;
    expect(await faultOf({ cron_expression: 'at noon' })).toBe('schedule-invalid');
    expect(await faultOf({ cron_expression: '0 0 31 2 *' })).toBe('never');
    expect(await faultOf({ cron_expression: '0 2 * * *' })).toBeNull();
    expect(await faultOf({ cron_expression: '0 2 * * *', enabled: false })).toBeNull();
    expect(await faultOf({ cron_expression: '0 2 * * *', schedule_type: 'chain' })).toBeNull();
    expect(await one(await flow())).toMatchObject({ scheduleFault: null });
  });

  it('cover the requested flows, up to a limit', async () => {
    const ids = [await flow(), await flow(), await flow()].sort();
    const shown = async (options: MetricsOptions): Promise<string[]> =>
      (await read(options)).flows.map(({ id }) => id);
    expect(await shown({})).toEqual(ids);
    expect(await shown({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await shown({ limit: 0 })).toEqual([]);
    expect(await shown({ flowIds: [] })).toEqual([]);
    expect(await shown({ flowIds: ['none', ids[2]!.toUpperCase()] })).toEqual([ids[2]]);
    expect(await read({ limit: 0 })).toMatchObject({ enabledFlows: 3 });
  });

  it('never fall when runs are pruned, and keep the newest success', async () => {
    const { executions, retention } = layer.repositories;
    const id = await flow();
    for (const status of ['success', 'success', 'error', 'warning'] as const) {
      const run = await executions.start({ flow_id: id, execution_type: 'manual' });
      await executions.finish(run.id, { status });
    }
    const before = await one(id);
    expect(before).toMatchObject({ total_executions: 4, successful_executions: 2, failed_executions: 1 });
    expect(before.lastSuccess).not.toBeNull();
    await retention.prune({ olderThanMs: 0, keepPerFlow: 1, pauseMs: 0 });
    expect(await one(id)).toEqual(before);
    expect((await executions.history(id)).items.map(({ status }) => status).sort()).toEqual([
      'success',
      'warning',
    ]);
  });
});

describe('the skipped runs of a flow', () => {
  it('are counted by reason, and the counts stay when the ledger is pruned', async () => {
    const { dueFlows, executions, retention } = layer.repositories;
    const every = { cron_expression: '0 * * * *', timezone: 'UTC' };
    const id = await flow({ schedule_id: await schedule(every), next_execution_time: at('05T00:00:00') });
    expect((await one(id)).skips).toEqual({});
    await executions.start({ flow_id: id, execution_type: 'manual' });
    const claim = (time: string): Promise<unknown> => dueFlows.claimDue({ worker: 'w', now: at(time) });
    await claim('05T00:00:30');
    expect((await one(id)).skips).toEqual({ 'still-running': 1 });
    await claim('05T01:00:30');
    // Six times are due by now: one is skipped as still-running, the other five are missed
    await claim('05T07:30:00');
    const counted = { 'still-running': 3, missed: 5 };
    expect((await one(id)).skips).toEqual(counted);
    await retention.prune({ olderThanMs: 0, pauseMs: 0 });
    expect(await layer.count('SELECT COUNT(*) FROM sendense_flow_skips')).toBe(0);
    expect((await one(id)).skips).toEqual(counted);
    // To the database that is the same id. Once, one such row hid all flows
    await ask('UPDATE sendense_flow_skip_totals SET flow_id = UPPER(flow_id) WHERE flow_id = ?', [id]);
    expect((await one(id)).skips).toEqual(counted);
    await layer.repositories.flows.delete(id);
    expect(await layer.count('SELECT COUNT(*) FROM sendense_flow_skip_totals')).toBe(0);
  });
});

describe('the metrics of all flows', () => {
  it('count the flows that are enabled, disabled, due, or without a next time', async () => {
    const schedule_id = await schedule({ cron_expression: '0 2 * * *' });
    await flow({ next_execution_time: at('03T02:00:00'), schedule_id });
    await flow({ next_execution_time: at('03T02:00:00'), schedule_id, enabled: false });
    await flow({ next_execution_time: null, schedule_id });
    await flow({ next_execution_time: null });
    expect(await read()).toMatchObject({ enabledFlows: 3, disabledFlows: 1, dueFlows: 1, unplannedFlows: 1 });
  });

  it('report queued and running runs, and use the start of a run whose sign of life is invalid', async () => {
    const none = { queuedRuns: 0, oldestQueued: null, runningRuns: 0, oldestHeartbeat: null };
    expect(await read()).toMatchObject(none);
    const alive = (heartbeat_at: unknown): string => JSON.stringify({ worker: 'w', heartbeat_at });
    await flow({}, ['waits', 'pending', at('05T00:00:00')], ['waits-less', 'pending', at('06T00:00:00')]);
    await flow({}, ['alive', 'running', at('02T00:00:00'), null, alive('2026-01-08T00:00:00Z')]);
    expect(await read()).toMatchObject({
      queuedRuns: 2,
      oldestQueued: at('05T00:00:00'),
      runningRuns: 1,
      oldestHeartbeat: at('08T00:00:00'),
    });
    // Runs of the hub give no sign
    await flow({}, ['6d2b2f54-cb0e-11f0-8d3b-0242ac120002', 'running', at('01T00:00:00')]);
    expect(await read()).toMatchObject({ runningRuns: 2, oldestHeartbeat: at('08T00:00:00') });
    for (const [day, sign] of [
      ['07', 'soon'],
      ['06', '2037-01-01T00:00:00Z'],
      ['05', '2025-01-01T00:00:00Z'],
      ['04', 17],
      ['03', undefined],
    ]) {
      await flow({}, [`since-${day}`, 'running', at(`${day}T00:00:00`), null, alive(sign)]);
      expect((await read()).oldestHeartbeat).toEqual(at(`${day}T00:00:00`));
    }
  });

  it('report the state of the schema, which is read at intervals and on request', async () => {
    expect((await read()).schema).toEqual({ state: 'fits', deferredKeys: [] });
    await ask('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_policy');
    await ask('SET SESSION foreign_key_checks = 0');
    await ask('DROP TABLE backup_policies');
    await ask('DELETE FROM sendense_flow_migrations ORDER BY id DESC LIMIT 1');
    expect((await read()).schema).toEqual({ state: 'fits', deferredKeys: [] });
    expect((await read({ schemaMaxAgeMs: 0 })).schema).toEqual({
      state: 'behind',
      deferredKeys: ['fk_flows_policy'],
    });
  });
});
