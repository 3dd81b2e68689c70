import { ProtectionFlow, ProtectionFlowExecution } from '../../entities';
import type { DemoDatabase } from './demo-database';

/** Writes flows and executions through the entities, as the scheduler and the API do. */
export async function writeRows({ dataSource, platform }: DemoDatabase): Promise<void> {
  const flows = dataSource.getRepository(ProtectionFlow);
  const executions = dataSource.getRepository(ProtectionFlowExecution);
  const [repository_id] = platform.repositories;
  const [schedule_id] = platform.schedules;
  const nightly = await flows.save({
    name: 'Nightly backup of the file servers',
    flow_type: 'backup',
    target_type: 'group',
    target_id: platform.group,
    repository_id,
    policy_id: platform.policy,
    schedule_id,
  });
  const replica = await flows.save({
    name: 'Replica of pgtest1',
    flow_type: 'replication',
    target_type: 'vm',
    target_id: platform.vms[0],
    destination_type: 'ossea',
    destination_config: { zone: 'zone-1', network: 'replica-net' },
    enabled: false,
  });
  await executions.save([
    {
      flow_id: nightly.id,
      status: 'success',
      execution_type: 'scheduled',
      schedule_execution_id: platform.scheduleExecutions[0],
      created_job_ids: [...platform.backupJobs],
      bytes_transferred: 48_318_382_080,
      started_at: new Date('2026-01-05T01:00:00Z'),
      completed_at: new Date('2026-01-05T01:41:17Z'),
    },
    { flow_id: nightly.id, status: 'running', execution_type: 'manual', created_job_ids: [] },
    { flow_id: replica.id, status: 'pending', execution_type: 'api' },
  ]);
}
