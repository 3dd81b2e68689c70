import {
  addToGroup,
  createBackupJob,
  createGroup,
  createRepository,
  createSchedule,
  createVm,
} from '../../../src/testing';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ platform: 'mixed' });

// Guards that a run protects every VM of its target and no removed VM, and makes no incremental backup without a full one.
describe('the VMs that a run protects', () => {
  it('are the VM itself, or the enabled members of the group in order of priority', async () => {
    const { session } = layer.database;
    const { targets } = layer.repositories;
    const group = await createGroup(session);
    const [late, early, off] = [await createVm(session), await createVm(session), await createVm(session)];
    await addToGroup(session, group.id, late.context_id, { priority: 5 });
    await addToGroup(session, group.id, early.context_id, { priority: 1, enabled: null });
    await addToGroup(session, group.id, off.context_id, { enabled: 0 });
    expect(await targets.resolve({ target_type: 'group', target_id: group.id })).toEqual([
      { context_id: early.context_id, vm_name: early['vm_name'] },
      { context_id: late.context_id, vm_name: late['vm_name'] },
    ]);
    expect(await targets.resolve({ target_type: 'vm', target_id: off.context_id })).toEqual([
      { context_id: off.context_id, vm_name: off['vm_name'] },
    ]);
    expect(await targets.resolve({ target_type: 'vm', target_id: 'gone' })).toEqual([]);
  });

  it('need a full backup until the repository has a completed one', async () => {
    const { session } = layer.database;
    const [here, elsewhere] = [(await createRepository(session)).id, (await createRepository(session)).id];
    const job = (vm_context_id: string, overrides: object) =>
      createBackupJob(session, {
        vm_context_id,
        repository_id: here,
        backup_type: 'full',
        status: 'completed',
        ...overrides,
      });
    await job('has', {});
    await job('failed', { status: 'failed' });
    await job('incremental', { backup_type: 'incremental' });
    await job('other', { repository_id: elsewhere });
    const all = ['has', 'failed', 'incremental', 'other', 'new'];
    const needed = await layer.repositories.targets.withoutFullBackup(all, here);
    expect([...needed]).toEqual(['failed', 'incremental', 'other', 'new']);
  });
});

describe('the check of a flow', () => {
  it('finds no fault in a correct flow, and every fault in a broken one', async () => {
    const { session } = layer.database;
    const { flows, targets } = layer.repositories;
    const right = await flows.create(
      await layer.newBackupFlow({
        target_id: layer.platform.vms[0],
        schedule_id: layer.platform.schedules[0],
      }),
    );
    expect(await targets.check(right.id)).toEqual([]);
    const repository = await createRepository(session, { enabled: 0, name: 'Closed' });
    const schedule = await createSchedule(session);
    const broken = await flows.create(
      layer.newFlow({
        flow_type: 'backup',
        target_type: 'group',
        target_id: (await createGroup(session)).id,
        repository_id: repository.id,
        schedule_id: schedule.id,
      }),
    );
    await session.query(
      "UPDATE replication_schedules SET cron_expression = 'x', timezone = 'Nowhere', enabled = 0 WHERE id = ?",
      [schedule.id],
    );
    const problems = await targets.check(broken.id);
    expect(problems.map(({ field }) => field)).toEqual([
      'target_id',
      'repository_id',
      'schedule_id',
      'schedule_id',
      'schedule_id',
    ]);
    await expect(targets.check('none')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
  });
});

describe('without the platform’s tables', () => {
  const bare = useDataLayer({ platform: 'none' });

  it('a flow has no VMs, and every VM needs a full backup', async () => {
    const { targets } = bare.repositories;
    expect(await targets.resolve({ target_type: 'group', target_id: 'g' })).toEqual([]);
    expect([...(await targets.withoutFullBackup(['a'], 'r'))]).toEqual(['a']);
  });
});
