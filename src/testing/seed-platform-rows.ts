import { declareArguments } from '../arguments';
import type { Queryable } from '../engine/server/queryable';
import { session as aSession } from './arguments';
import {
  addToGroup,
  createBackupJob,
  createGroup,
  createPolicy,
  createRepository,
  createSchedule,
  createScheduleExecution,
  createVm,
} from './platform-rows';

/** The ids of the rows that {@link seedPlatformRows} inserted. */
export interface PlatformIds {
  /** Two: a local one that the policy uses, a disabled one on NFS. */
  readonly repositories: readonly [string, string];
  readonly policy: string;
  /** Two: nightly in Europe/Berlin, hourly in UTC. */
  readonly schedules: readonly [string, string];
  /** Two of the nightly schedule: completed, scheduled. */
  readonly scheduleExecutions: readonly [string, string];
  /** Context ids; the first two are enabled members of the group, the third is a disabled one. */
  readonly vms: readonly [string, string, string];
  readonly group: string;
  /** One for each vm: completed, running, failed. */
  readonly backupJobs: readonly [string, string, string];
}

const read = declareArguments('seedPlatformRows', { session: aSession });

/**
 * Inserts a small, coherent set of platform rows. May be called several times: names and ids are unique.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for what is no session
 */
export async function seedPlatformRows(session: Queryable): Promise<PlatformIds> {
  read({ session });
  const local = await createRepository(session);
  const nfs = await createRepository(session, {
    repository_type: 'nfs',
    enabled: 0,
    config: JSON.stringify({ server: 'nas.example.test', export_path: '/backups' }),
  });
  const policy = await createPolicy(session, { primary_repository_id: local.id });
  const nightly = await createSchedule(session, { timezone: 'Europe/Berlin' });
  const hourly = await createSchedule(session, { cron_expression: '0 * * * *' });
  const group = await createGroup(session, { schedule_id: nightly.id });
  const completed = await createScheduleExecution(session, {
    schedule_id: nightly.id,
    group_id: group.id,
    status: 'completed',
    scheduled_at: new Date('2025-10-09T00:00:00Z'),
    started_at: new Date('2025-10-09T00:00:02Z'),
    completed_at: new Date('2025-10-09T00:41:17Z'),
  });
  const scheduled = await createScheduleExecution(session, { schedule_id: nightly.id, group_id: group.id });

  const vms = [await createVm(session), await createVm(session), await createVm(session)] as const;
  const jobs: string[] = [];
  for (const [index, status] of ['completed', 'running', 'failed'].entries()) {
    const vm = vms[index]!;
    await addToGroup(session, group.id, vm.context_id, { enabled: status === 'failed' ? 0 : 1 });
    const job = await createBackupJob(session, {
      vm_context_id: vm.context_id,
      vm_name: vm['vm_name'],
      repository_id: local.id,
      policy_id: policy.id,
      status,
      bytes_transferred: status === 'completed' ? 42_949_672_960 : 0,
    });
    jobs.push(job.id);
  }
  return {
    repositories: [local.id, nfs.id],
    policy: policy.id,
    schedules: [nightly.id, hourly.id],
    scheduleExecutions: [completed.id, scheduled.id],
    vms: [vms[0].context_id, vms[1].context_id, vms[2].context_id],
    group: group.id,
    backupJobs: [jobs[0]!, jobs[1]!, jobs[2]!],
  };
}
