import {
  check,
  column,
  enumOf,
  index,
  literal,
  now,
  nullable,
  table,
  unique,
  uuid,
} from '../engine/schema/declare';
import { createTable } from '../engine/steps/create-table';
import { StepMigration } from './step-migration';

const count = (name: string) => column(name, 'int', { default: literal(0) });
const statuses = ['success', 'warning', 'error', 'running', 'pending'];

const flows = table('protection_flows', {
  columns: [
    column('id', 'varchar(64)', { default: uuid }),
    column('name', 'varchar(255)'),
    nullable('description', 'text'),
    column('flow_type', enumOf('backup', 'replication')),
    column('target_type', enumOf('vm', 'group')),
    column('target_id', 'varchar(64)'),
    nullable('repository_id', 'varchar(64)'),
    nullable('policy_id', 'varchar(64)'),
    nullable('destination_type', enumOf('ossea', 'vmware', 'hyperv')),
    nullable('destination_config', 'json'),
    nullable('schedule_id', 'varchar(64)'),
    column('enabled', 'tinyint(1)', { default: literal(1) }),
    nullable('last_execution_id', 'varchar(64)'),
    column('last_execution_status', enumOf(...statuses), { default: literal('pending') }),
    nullable('last_execution_time', 'timestamp'),
    nullable('next_execution_time', 'timestamp'),
    count('total_executions'),
    count('successful_executions'),
    count('failed_executions'),
    column('created_at', 'timestamp', { default: now }),
    column('updated_at', 'timestamp', { default: now, onUpdateNow: true }),
    column('created_by', 'varchar(255)', { default: literal('system') }),
  ],
  indexes: [
    unique('uq_flows_name', 'name'),
    index('idx_flow_type', 'flow_type'),
    index('idx_target', 'target_type', 'target_id'),
    index('idx_enabled', 'enabled'),
    index('idx_schedule', 'schedule_id'),
    index('idx_last_execution', 'last_execution_time'),
  ],
  checks: [
    check(
      'chk_flows_type',
      "(`flow_type` = 'backup' AND `repository_id` IS NOT NULL) OR (`flow_type` = 'replication' AND `destination_type` IS NOT NULL)",
    ),
  ],
});

const executions = table('protection_flow_executions', {
  columns: [
    column('id', 'varchar(64)', { default: uuid }),
    column('flow_id', 'varchar(64)'),
    column('status', enumOf('pending', 'running', 'success', 'warning', 'error', 'cancelled'), {
      default: literal('pending'),
    }),
    column('execution_type', enumOf('scheduled', 'manual', 'api')),
    count('jobs_created'),
    count('jobs_completed'),
    count('jobs_failed'),
    count('jobs_skipped'),
    nullable('started_at', 'timestamp'),
    nullable('completed_at', 'timestamp'),
    nullable('execution_time_seconds', 'int'),
    count('vms_processed'),
    column('bytes_transferred', 'bigint', { default: literal(0) }),
    nullable('error_message', 'text'),
    nullable('execution_metadata', 'json'),
    nullable('created_job_ids', 'json'),
    nullable('schedule_execution_id', 'varchar(64)'),
    column('created_at', 'timestamp', { default: now }),
    column('triggered_by', 'varchar(255)', { default: literal('system') }),
  ],
  indexes: [
    // Before the next index: MySQL checks a foreign key by the first index on its column, see guarded-columns.ts
    index('idx_executions_history', 'flow_id', 'created_at'),
    index('idx_flow_executions', 'flow_id', 'started_at DESC'),
    index('idx_status', 'status'),
    index('idx_execution_time', 'started_at'),
  ],
});

/**
 * Creates the two tables with the platform's own indexes and the CHECK, without foreign keys. The index for a flow's
 * history, newest first, is read backwards (InnoDB appends the primary key to it).
 */
export class CreateProtectionFlowTables1795305600000 extends StepMigration {
  readonly name = 'CreateProtectionFlowTables1795305600000';
  readonly breaking = false;
  readonly steps = [createTable(flows), createTable(executions)];
}
