import { addToGroup, createBackupJob, createGroup, createVm } from '../../../src/testing';
import { uniqueSuffix } from '../../../src/testing/platform-rows';
import { useDataLayer } from './data-layer';

const at = (minute: number): Date => new Date(Date.UTC(2026, 2, 1, 2, minute));

// Guards that the page needs no query for each VM, counts a backup of several disks once, and shows no removed VM.
describe.each([
  ['older', 'mixed'],
  ['newer', 'general_ci'],
] as const)('the machines of a flow, on an %s release, %s', (age, platform) => {
  const layer = useDataLayer({ age, platform });

  it('are the VMs of the target in order of priority, each with its backups by the flow', async () => {
    const { session } = layer.database;
    const { flows, executions, targets } = layer.repositories;
    const group = await createGroup(session);
    const vms = [
      await createVm(session),
      await createVm(session, { vm_name: 'web-disk1' }),
      await createVm(session),
    ];
    const [late, early, off] = vms as [(typeof vms)[0], (typeof vms)[0], (typeof vms)[0]];
    await addToGroup(session, group.id, late.context_id, { priority: 5 });
    await addToGroup(session, group.id, early.context_id, { priority: 1 });
    await addToGroup(session, group.id, off.context_id, { enabled: 0 });
    const flow = await flows.create(await layer.newBackupFlow({ target_type: 'group', target_id: group.id }));
    const repository_id = layer.platform.repositories[0];
    const job = async (vm: (typeof vms)[0], columns: object, tail = '') => {
      const row = await createBackupJob(session, {
        id: `backup-${String(vm['vm_name'])}-${uniqueSuffix()}${tail}`,
        vm_context_id: vm.context_id,
        vm_name: vm['vm_name'],
        repository_id,
        ...columns,
      });
      return row.id;
    };
    const run = async (jobs: string[], end = true) => {
      const { id } = await executions.start({ flow_id: flow.id, execution_type: 'manual' });
      await executions.recordJobs(id, jobs);
      if (end) await executions.settle(id);
    };
    const done = { status: 'completed', bytes_transferred: 100 };
    await run([
      await job(early, { ...done, started_at: at(0), completed_at: at(10) }),
      await job(early, done, '-disk0-1'),
      await job(late, { ...done, status: 'failed', bytes_transferred: 1, completed_at: at(1) }),
    ]);
    await run([await job(early, { ...done, started_at: at(20), completed_at: at(50) })]);
    // A backup that belongs to no run of the flow
    await job(early, done);
    const telemetry = {
      current_phase: 'transferring',
      transfer_speed_bps: 50,
      eta_seconds: 15,
      progress_percent: 3,
      last_telemetry_at: new Date(Date.now() - 10_000),
    };
    const live = await job(early, {
      status: 'running',
      bytes_transferred: 250,
      total_bytes: 1_000,
      ...(age === 'newer' && telemetry),
    });
    await run([live], false);
    const told = { phase: 'transferring', bytesPerSecond: 50, etaSeconds: 15, stalled: false };
    const silent = { phase: null, bytesPerSecond: null, etaSeconds: null, stalled: null };
    expect(await targets.machines(flow.id)).toEqual([
      {
        context_id: early.context_id,
        vm_name: 'web-disk1',
        backups: 3,
        successful: 2,
        failed: 0,
        bytesTransferred: 450,
        lastSuccessAt: at(50),
        averageSeconds: 1_200,
        running: { jobId: live, percent: 25, ...(age === 'newer' ? told : silent) },
      },
      {
        context_id: late.context_id,
        vm_name: late['vm_name'],
        backups: 1,
        successful: 0,
        failed: 1,
        bytesTransferred: 1,
        lastSuccessAt: null,
        averageSeconds: null,
        running: null,
      },
    ]);
    const [newest] = await targets.machines(flow.id, { runs: 1, stalledAfterMs: 1_000 });
    expect(newest).toMatchObject({ backups: 1, running: { stalled: age === 'newer' ? true : null } });
  });

  it('are the VM itself, or none when the target is missing', async () => {
    const { flows, targets } = layer.repositories;
    const [vm] = layer.platform.vms;
    const flow = await flows.create(await layer.newBackupFlow({ target_id: vm }));
    expect(await targets.machines(flow.id)).toEqual([
      expect.objectContaining({ context_id: vm, backups: 0, bytesTransferred: 0, running: null }),
    ]);
    const lost = await flows.create(await layer.newBackupFlow({ target_id: 'ctx-gone' }));
    expect(await targets.machines(lost.id)).toEqual([]);
    await expect(targets.machines('none')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
  });
});

describe('without the platform’s tables', () => {
  const bare = useDataLayer({ platform: 'none' });

  it('a flow has no machines', async () => {
    const { flows, targets } = bare.repositories;
    expect(await targets.machines((await flows.create(bare.newFlow())).id)).toEqual([]);
    await expect(targets.machines('none')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
  });
});
