import type { Queryable } from '../../../src/engine/server/queryable';
import { numbers } from '../../fault/completions-sources';

/** How large the tables are: 2,000 flows with a run a day for 100 days. */
export const size = { flows: 2_000, days: 100, schedules: 20, groups: 50, jobs: 4_000 } as const;

/** The id of the nth flow. Flows 0 to 49 are running, 50 to 99 have a queued run, 100 to 149 are due. */
export const flowId = (n: number): string => `flow-${String(n).padStart(4, '0')}`;

/** The id of a flow's run of that day; day 99 is today. */
export const runId = (flow: number, day: number): string =>
  `run-${String(day).padStart(2, '0')}-${String(flow).padStart(4, '0')}`;

async function growPlatform(session: Queryable): Promise<void> {
  await session.query(
    `INSERT INTO replication_schedules (id, name, cron_expression, schedule_type, chain_parent_schedule_id)
     SELECT CONCAT('schedule-', n), CONCAT('Schedule ', n), '0 2 1 1 *', IF(n = ${size.schedules}, 'chain', 'cron'), NULL
       FROM ${numbers(size.schedules + 1)}`,
  );
  await session.query(
    `UPDATE replication_schedules SET chain_parent_schedule_id = 'schedule-0' WHERE schedule_type = 'chain'`,
  );
  await session.query(
    `INSERT INTO backup_repositories (id, name, repository_type, config)
     SELECT CONCAT('repository-', n), CONCAT('Repository ', n), 'local', '{}' FROM ${numbers(10)}`,
  );
  await session.query(
    `INSERT INTO backup_policies (id, name, primary_repository_id)
     SELECT CONCAT('policy-', n), CONCAT('Policy ', n), 'repository-0' FROM ${numbers(10)}`,
  );
  await session.query(
    `INSERT INTO vm_replication_contexts (context_id, vm_name, vmware_vm_id, vm_path, vcenter_host, datacenter)
     SELECT CONCAT('ctx-', n), CONCAT('vm-', n), CONCAT('vmware-', n), CONCAT('/vm/', n), 'vcenter', 'dc'
       FROM ${numbers(size.flows)}`,
  );
  await session.query(
    `INSERT INTO vm_machine_groups (id, name) SELECT CONCAT('group-', n), CONCAT('Group ', n) FROM ${numbers(size.groups)}`,
  );
  await session.query(
    `INSERT INTO vm_group_memberships (id, group_id, vm_context_id)
     SELECT CONCAT('member-', n), CONCAT('group-', n MOD ${size.groups}), CONCAT('ctx-', n) FROM ${numbers(size.flows)}`,
  );
  await session.query(
    `INSERT INTO backup_jobs (id, vm_context_id, vm_name, repository_id, backup_type, status, repository_path)
     SELECT CONCAT('job-', n), CONCAT('ctx-', n MOD ${size.flows}), 'vm', CONCAT('repository-', n MOD 10),
            IF(n MOD 4 = 0, 'full', 'incremental'), IF(n MOD 9 = 0, 'failed', 'completed'), '/backups'
       FROM ${numbers(size.jobs)}`,
  );
}

/** Fills a migrated, empty database, and lets the server collect its statistics. */
export async function growDatabase(session: Queryable): Promise<void> {
  await growPlatform(session);
  await session.query(
    `INSERT INTO protection_flows
       (id, name, flow_type, target_type, target_id, repository_id, policy_id, destination_type, schedule_id, enabled,
        next_execution_time, created_at, last_execution_id, last_execution_status, last_execution_time, total_executions)
     SELECT CONCAT('flow-', LPAD(n, 4, '0')), CONCAT('Flow ', n), IF(n MOD 2 = 0, 'backup', 'replication'),
            IF(n MOD 10 = 9, 'group', 'vm'), IF(n MOD 10 = 9, CONCAT('group-', n MOD ${size.groups}), CONCAT('ctx-', n)),
            IF(n MOD 2 = 0, CONCAT('repository-', n MOD 10), NULL), IF(n MOD 2 = 0, CONCAT('policy-', n MOD 10), NULL),
            IF(n MOD 2 = 0, NULL, 'ossea'), CONCAT('schedule-', n MOD ${size.schedules}), n MOD 20 <> 19,
            CURRENT_TIMESTAMP + INTERVAL IF(n BETWEEN 100 AND 149, -1, 1 + n MOD 24) HOUR,
            CURRENT_TIMESTAMP - INTERVAL n HOUR, CONCAT('run-99-', LPAD(n, 4, '0')),
            IF(n < 50, 'running', 'success'), CURRENT_TIMESTAMP - INTERVAL n MINUTE, ${size.days}
       FROM ${numbers(size.flows)}`,
  );
  // The ids begin with the day, as a UUIDv7 begins with its time
  await session.query('SET SESSION foreign_key_checks = 0, SESSION unique_checks = 0');
  const began = `CURRENT_TIMESTAMP - INTERVAL ${size.days - 1} - day.n DAY - INTERVAL flow.n MINUTE`;
  await session.query(
    `INSERT INTO protection_flow_executions
       (id, flow_id, status, execution_type, jobs_created, started_at, completed_at, created_at, created_job_ids,
        execution_metadata, triggered_by)
     SELECT CONCAT('run-', LPAD(day.n, 2, '0'), '-', LPAD(flow.n, 4, '0')), CONCAT('flow-', LPAD(flow.n, 4, '0')),
            CASE WHEN day.n < ${size.days - 1} OR flow.n >= 100 THEN ELT(1 + (flow.n + day.n) MOD 8,
                   'success', 'success', 'success', 'success', 'success', 'warning', 'error', 'cancelled')
                 WHEN flow.n < 50 THEN 'running' ELSE 'pending' END,
            'scheduled', 3, ${began}, IF(day.n < ${size.days - 1} OR flow.n >= 100, ${began} + INTERVAL 20 MINUTE, NULL),
            ${began}, CONCAT('["job-', flow.n, '", "job-', flow.n + 2000, '"]'), '{"worker": "worker-1"}', 'worker-1'
       FROM ${numbers(size.days).replace(/i$/, 'day')} JOIN ${numbers(size.flows).replace(/i$/, 'flow')}
      ORDER BY day.n, flow.n`,
  );
  await session.query('SET SESSION foreign_key_checks = 1, SESSION unique_checks = 1');
  await session.query(`UPDATE protection_flow_executions SET started_at = NULL WHERE status = 'pending'`);
  await session.query('ANALYZE TABLE protection_flows, protection_flow_executions, backup_jobs');
}
