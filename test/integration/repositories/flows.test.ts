import { createPolicy, createRepository, createSchedule } from '../../../src/testing';
import type { FlowChanges } from '../../../src/repositories';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ platform: 'mixed' });

const missing = '00000000-0000-7000-8000-000000000000';

// Guards that no flow is stored that can never run, and that no client gets a success when nothing was written.
describe('a new flow', () => {
  it('is stored with the defaults and its own id', async () => {
    const { flows } = layer.repositories;
    const created = await flows.create(layer.newFlow({ name: 'Nightly', destination_config: { zone: 'a' } }));
    expect(created).toMatchObject({
      name: 'Nightly',
      enabled: true,
      last_execution_status: 'pending',
      total_executions: 0,
      next_execution_time: null,
      destination_config: { zone: 'a' },
      created_by: 'system',
    });
    expect(created.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await flows.get(created.id)).toMatchObject(created);
  });

  it('reads back enabled: false as false, and has no next time then', async () => {
    const { flows } = layer.repositories;
    const schedule_id = layer.platform.schedules[1];
    const created = await flows.create(layer.newFlow({ enabled: false, schedule_id }));
    expect(created).toMatchObject({ enabled: false, next_execution_time: null });
  });

  it('has the next time of its schedule', async () => {
    const schedule_id = layer.platform.schedules[1];
    const created = await layer.repositories.flows.create(layer.newFlow({ schedule_id }));
    const next = created.next_execution_time;
    expect(next?.getTime()).toBeGreaterThan(Date.now() - 1_000);
    expect(next?.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000);
    expect(next?.getUTCMinutes()).toBe(0);
  });

  it.each<[string, FlowChanges, string[]]>([
    ['a backup flow without a repository', { flow_type: 'backup', repository_id: null }, ['repository_id']],
    ['a replication flow without a destination', { destination_type: null }, ['destination_type']],
    [
      'several wrong fields, all named at once',
      { name: ' ', target_id: '', flow_type: 'copy' as 'backup' },
      ['name', 'flow_type', 'target_id'],
    ],
    ['columns of the scheduler', { total_executions: 7 } as FlowChanges, ['total_executions']],
  ])('is refused: %s', async (_title, overrides, fields) => {
    const error = await layer.repositories.flows.create(layer.newFlow(overrides)).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    const found = (error as { details: { fields: { field: string }[] } }).details.fields;
    expect(found.map(({ field }) => field).sort()).toEqual([...fields].sort());
  });

  it('is refused when it refers to a missing row', async () => {
    const flow = await layer.newBackupFlow({ policy_id: missing });
    await expect(layer.repositories.flows.create(flow)).rejects.toMatchObject({
      code: 'REFERENCE_NOT_FOUND',
      details: { field: 'policy_id' },
    });
  });

  it('is refused on a schedule that cannot be parsed', async () => {
    const schedule = await createSchedule(layer.database.session, { cron_expression: 'every day' });
    const flow = layer.newFlow({ schedule_id: schedule.id });
    await expect(layer.repositories.flows.create(flow)).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' });
  });

  it('gets its name once when two callers use the name at the same time in different case', async () => {
    const { flows } = layer.repositories;
    const both = await Promise.allSettled([
      flows.create(layer.newFlow({ name: 'Race' })),
      flows.create(layer.newFlow({ name: 'RACE' })),
    ]);
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'FLOW_NAME_TAKEN' })]);
    expect(await flows.findByName('race')).not.toBeNull();
  });
});

describe('a flow that is looked up', () => {
  it('shows the names of referenced rows, although the tables have different collations', async () => {
    const { session } = layer.database;
    const repository = await createRepository(session, { name: 'Vault' });
    const policy = await createPolicy(session, { name: 'Month', primary_repository_id: repository.id });
    const schedule = await createSchedule(session, { name: 'Three', cron_expression: '0 3 * * *' });
    const { flows } = layer.repositories;
    const { id } = await flows.create(
      layer.newFlow({
        flow_type: 'backup',
        target_id: layer.platform.vms[0],
        repository_id: repository.id,
        policy_id: policy.id,
        schedule_id: schedule.id,
      }),
    );
    expect(await flows.get(id)).toMatchObject({
      repository_name: 'Vault',
      policy_name: 'Month',
      schedule_name: 'Three',
      schedule_cron: '0 3 * * *',
      target_name: expect.stringMatching(/^web-/),
    });
  });

  it('gives an error or null for an unknown id', async () => {
    const { flows } = layer.repositories;
    await expect(flows.get(missing)).rejects.toMatchObject({
      code: 'FLOW_NOT_FOUND',
      details: { id: missing },
    });
    expect(await flows.find(missing)).toBeNull();
    expect(await flows.findByName('nobody')).toBeNull();
  });
});

describe('a change of a flow', () => {
  it('clears with null, keeps with undefined, and returns the changed flow', async () => {
    const { flows } = layer.repositories;
    const schedule_id = layer.platform.schedules[0];
    const { id } = await flows.create(layer.newFlow({ schedule_id, description: 'kept' }));
    const changed = await flows.update(id, { schedule_id: null, description: undefined });
    expect(changed).toMatchObject({ schedule_id: null, next_execution_time: null, description: 'kept' });
  });

  it('is no error when it changes nothing', async () => {
    const { flows } = layer.repositories;
    const flow = layer.newFlow();
    const { id } = await flows.create(flow);
    expect(await flows.update(id, { name: flow.name })).toMatchObject({ id, name: flow.name });
    expect(await flows.update(id, {})).toMatchObject({ id });
  });

  it('keeps a due run when the same values are saved again', async () => {
    const { flows } = layer.repositories;
    const schedule_id = layer.platform.schedules[1];
    const { id } = await flows.create(layer.newFlow({ schedule_id }));
    const due = new Date('2026-01-01T00:00:00Z');
    await layer.database.session.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [
      due,
      id,
    ]);
    expect(await flows.update(id, { schedule_id, enabled: true })).toMatchObject({
      next_execution_time: due,
    });
    await flows.disable(id);
    const enabled = await flows.enable(id);
    expect(enabled.next_execution_time?.getTime()).toBeGreaterThan(due.getTime());
  });

  it.each<[string, FlowChanges, string]>([
    ['for a missing flow', { name: 'x' }, 'FLOW_NOT_FOUND'],
    ['for a missing flow, also when it changes only the schedule', { schedule_id: null }, 'FLOW_NOT_FOUND'],
  ])('is an error %s', async (_title, changes, code) => {
    await expect(layer.repositories.flows.update(missing, changes)).rejects.toMatchObject({ code });
  });

  it.each<[string, FlowChanges]>([
    ['a backup flow keeps its repository', { repository_id: null }],
    ['a flow without a destination does not become a replication flow', { flow_type: 'replication' }],
  ])('keeps the rule of the type: %s', async (_title, changes) => {
    const { flows } = layer.repositories;
    const { id } = await flows.create(await layer.newBackupFlow());
    await expect(flows.update(id, changes)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('names a column that a client may not set', async () => {
    const { flows } = layer.repositories;
    const { id } = await flows.create(layer.newFlow());
    const changes = { last_execution_status: 'success', name: '' } as FlowChanges;
    await expect(flows.update(id, changes)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'last_execution_status' }, { field: 'name' }] },
    });
  });
});

describe('several flows at once', () => {
  it('are enabled and disabled, each with its own result', async () => {
    const { flows } = layer.repositories;
    const schedule_id = layer.platform.schedules[1];
    const one = await flows.create(layer.newFlow({ enabled: false, schedule_id }));
    const two = await flows.create(layer.newFlow({ enabled: false }));
    expect(await flows.enableMany([one.id, missing, two.id, one.id])).toEqual({
      action: 'enable',
      requested: 3,
      successful: 2,
      failed: 1,
      results: [
        { id: one.id, ok: true },
        { id: missing, ok: false, error: expect.objectContaining({ code: 'FLOW_NOT_FOUND' }) },
        { id: two.id, ok: true },
      ],
    });
    expect((await flows.get(one.id)).next_execution_time).not.toBeNull();
    await flows.disableMany([one.id]);
    expect(await flows.get(one.id)).toMatchObject({ enabled: false, next_execution_time: null });
  });

  it('are deleted with their executions, each with its own result', async () => {
    const { flows, executions } = layer.repositories;
    const one = await flows.create(layer.newFlow());
    const two = await flows.create(layer.newFlow());
    await executions.start({ flow_id: one.id, execution_type: 'manual' });
    expect(await flows.deleteMany([one.id, missing])).toMatchObject({ successful: 1, failed: 1 });
    await flows.delete(two.id);
    await expect(flows.delete(two.id)).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
    const left = 'SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ?';
    expect(await layer.count(left, [one.id])).toBe(0);
  });

  it('are refused when the argument is not a list', async () => {
    const { flows } = layer.repositories;
    await expect(flows.enableMany('abc' as unknown as string[])).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'ids' }] },
    });
    expect(await flows.deleteMany([])).toMatchObject({ requested: 0, successful: 0 });
  });
});

describe('the rows that a flow refers to', () => {
  it('are replaced by null when a schedule or policy is deleted; a repository in use cannot be deleted', async () => {
    const { session } = layer.database;
    const schedule = await createSchedule(session);
    const policy = await createPolicy(session);
    const { flows } = layer.repositories;
    const flow = await layer.newBackupFlow({ schedule_id: schedule.id, policy_id: policy.id });
    const { id } = await flows.create(flow);
    await session.query('DELETE FROM replication_schedules WHERE id = ?', [schedule.id]);
    await session.query('DELETE FROM backup_policies WHERE id = ?', [policy.id]);
    expect(await flows.get(id)).toMatchObject({ schedule_id: null, policy_id: null, policy_name: null });
    const { manager } = layer.dataSource;
    await expect(
      manager.query('DELETE FROM backup_repositories WHERE id = ?', [flow.repository_id]),
    ).rejects.toMatchObject({ code: 'STILL_REFERENCED' });
  });
});

describe('the summary', () => {
  it('counts flows, and the runs that began since midnight of the time zone', async () => {
    const { flows, executions } = layer.repositories;
    const before = await flows.summary();
    const backup = await flows.create(await layer.newBackupFlow());
    const other = await flows.create(layer.newFlow({ enabled: false }));
    const run = await executions.start({ flow_id: backup.id, execution_type: 'api' });
    await executions.finish(run.id, { status: 'error' });
    const old = await executions.start({ flow_id: other.id, execution_type: 'api' });
    await layer.database.session.query(
      'UPDATE protection_flow_executions SET started_at = CURRENT_TIMESTAMP - INTERVAL 3 DAY WHERE id = ?',
      [old.id],
    );
    const after = await flows.summary();
    const grown = Object.fromEntries(
      Object.entries(after).map(([name, value]) => [name, value - before[name as keyof typeof before]]),
    );
    expect(grown).toEqual({
      totalFlows: 2,
      enabledFlows: 1,
      disabledFlows: 1,
      backupFlows: 1,
      replicationFlows: 1,
      totalExecutionsToday: 1,
      successfulExecutionsToday: 0,
      failedExecutionsToday: 1,
    });
    await expect(flows.summary({ timeZone: 'Mars/Olympus' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'timeZone' }] },
    });
  });
});
