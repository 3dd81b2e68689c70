import type { Damage } from '../damaged-database';
import { executions, flows } from './statements';

/** Wrong columns, and a wrong primary key. */
export const columnDamages: readonly Damage[] = [
  {
    name: 'another collation',
    damage: [flows('MODIFY name varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL')],
    checks: ['columns'],
    names: 'protection_flows.name: collation is utf8mb4_general_ci',
  },
  {
    name: 'another collation of both columns of a key',
    damage: [
      executions('DROP FOREIGN KEY fk_executions_flow'),
      flows(
        'MODIFY id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT (uuid())',
      ),
      executions('MODIFY flow_id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL'),
      executions(
        'ADD CONSTRAINT fk_executions_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE ON UPDATE NO ACTION',
      ),
    ],
    checks: ['columns'],
    names: 'protection_flows.id: collation',
  },
  {
    name: 'another collation than the parent, so that the key is missing',
    damage: [
      flows('DROP FOREIGN KEY fk_flows_schedule'),
      flows('MODIFY schedule_id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL'),
    ],
    checks: ['columns', 'foreign-keys', 'key-compatibility', 'set-null'],
    names: 'schedule_id: collation is utf8mb4_unicode_ci, not utf8mb4_general_ci',
  },
  {
    name: 'another charset',
    damage: [flows('MODIFY description text CHARACTER SET latin1 NULL')],
    checks: ['columns'],
    names: 'protection_flows.description: charset is latin1',
  },
  {
    name: 'another type',
    damage: [flows('MODIFY total_executions bigint NOT NULL DEFAULT 0')],
    checks: ['columns'],
    names: 'total_executions: type is bigint',
  },
  {
    name: 'an unsigned type instead of a signed one',
    damage: [executions('MODIFY vms_processed int unsigned NOT NULL DEFAULT 0')],
    checks: ['columns'],
    names: 'vms_processed: type is int unsigned',
  },
  {
    name: 'datetime instead of timestamp',
    damage: [executions('MODIFY started_at datetime NULL')],
    checks: ['columns'],
    names: 'started_at: type is datetime',
  },
  {
    name: 'fractions of seconds',
    damage: [executions('MODIFY completed_at timestamp(6) NULL')],
    checks: ['columns'],
    names: 'completed_at: type is timestamp(6)',
  },
  {
    name: 'a shorter length',
    damage: [flows('MODIFY name varchar(100) NOT NULL')],
    checks: ['columns'],
    names: 'name: type is varchar(100)',
  },
  {
    name: 'a greater length',
    damage: [flows('MODIFY target_id varchar(200) NOT NULL')],
    checks: ['columns'],
    names: 'target_id: type is varchar(200)',
  },
  {
    name: 'a shorter length of a column with a key',
    damage: [
      executions('DROP FOREIGN KEY fk_executions_flow'),
      executions('MODIFY flow_id varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL'),
      executions(
        'ADD CONSTRAINT fk_executions_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE ON UPDATE NO ACTION',
      ),
    ],
    checks: ['columns'],
    names: 'flow_id: type is varchar(36)',
  },
  {
    name: 'another default',
    damage: [flows("ALTER COLUMN last_execution_status SET DEFAULT 'success'")],
    checks: ['columns'],
    names: "last_execution_status: default is 'success'",
  },
  {
    name: 'a missing default',
    damage: [flows('ALTER COLUMN created_by DROP DEFAULT')],
    checks: ['columns'],
    names: 'created_by: default is none',
  },
  {
    name: 'a missing default uuid()',
    damage: [executions('MODIFY id varchar(64) NOT NULL')],
    checks: ['columns'],
    names: 'protection_flow_executions.id: default is none',
  },
  {
    name: 'NULL allowed, and a row with NULL',
    damage: [
      flows('MODIFY enabled tinyint(1) NULL DEFAULT 1'),
      "UPDATE protection_flows SET enabled = NULL WHERE id = 'flow-1'",
    ],
    checks: ['columns'],
    names: 'enabled: nullable is NULL',
  },
  {
    name: 'NULL not allowed',
    damage: [
      'UPDATE protection_flow_executions SET execution_time_seconds = 1',
      executions('MODIFY execution_time_seconds int NOT NULL DEFAULT 0'),
    ],
    checks: ['columns'],
    names: 'execution_time_seconds: nullable is NOT NULL',
  },
  {
    name: 'a missing ON UPDATE',
    damage: [flows('MODIFY updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP')],
    checks: ['columns'],
    names: 'updated_at: on-update is none',
  },
  {
    name: 'an undeclared ON UPDATE',
    damage: [
      flows('MODIFY created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP'),
    ],
    checks: ['columns'],
    names: 'created_at: on-update',
  },
  {
    name: 'a missing enum value',
    damage: [
      flows(
        "MODIFY last_execution_status enum('success','warning','error','running','pending') NOT NULL DEFAULT 'pending'",
      ),
    ],
    checks: ['columns'],
    names: 'last_execution_status: type is enum',
  },
  {
    name: 'enum values in another order',
    damage: [flows("MODIFY flow_type enum('replication','backup') NOT NULL")],
    checks: ['columns'],
    names: "flow_type: type is enum('replication','backup')",
  },
  {
    name: 'enum values in capitals',
    damage: [flows("MODIFY destination_type enum('OSSEA','vmware','hyperv') NULL")],
    checks: ['columns'],
    names: "destination_type: type is enum('OSSEA'",
  },
  {
    name: 'an undeclared enum value that a row has',
    damage: [
      flows("MODIFY target_type enum('vm','group','host') NOT NULL"),
      "UPDATE protection_flows SET target_type = 'host' WHERE id = 'flow-1'",
    ],
    checks: ['columns'],
    names: 'target_type: type is enum',
  },
  {
    name: 'text instead of JSON',
    damage: [executions('MODIFY execution_metadata longtext NULL')],
    checks: ['columns'],
    names: 'execution_metadata: type is',
  },
  {
    name: 'a dropped column',
    damage: [flows('DROP COLUMN created_by')],
    checks: ['columns'],
    names: 'created_by is missing',
  },
  {
    name: 'a renamed column',
    damage: [executions('CHANGE error_message fault text NULL')],
    checks: ['columns'],
    names: 'error_message is missing',
  },
  {
    name: 'a virtual computed column',
    damage: [
      executions('DROP COLUMN execution_time_seconds'),
      executions('ADD execution_time_seconds int GENERATED ALWAYS AS (jobs_created + 1) VIRTUAL'),
    ],
    checks: ['columns'],
    names: 'execution_time_seconds: extra is virtual generated',
  },
  {
    name: 'a stored computed column',
    damage: [
      executions('DROP COLUMN jobs_skipped'),
      executions('ADD jobs_skipped int GENERATED ALWAYS AS (jobs_created + 1) STORED'),
    ],
    checks: ['columns'],
    names: 'jobs_skipped: ',
  },
  {
    name: 'an invisible column',
    damage: [flows("MODIFY created_by varchar(255) INVISIBLE NOT NULL DEFAULT 'system'")],
    checks: ['columns'],
    names: 'created_by: extra is invisible',
    only: 'mariadb',
  },
  {
    name: 'an invisible column',
    damage: [flows('ALTER COLUMN created_by SET INVISIBLE')],
    checks: ['columns'],
    names: 'created_by: extra is invisible',
    only: 'mysql',
  },
  {
    name: 'an undeclared column that every insert must name',
    damage: [flows('ADD tenant varchar(20) NOT NULL')],
    checks: ['columns'],
    names: 'tenant is not declared',
  },
  {
    name: 'a missing primary key',
    damage: [executions('DROP PRIMARY KEY')],
    checks: ['columns'],
    names: 'primary key protection_flow_executions.PRIMARY',
  },
  {
    name: 'a primary key of prefixes',
    damage: [executions('DROP PRIMARY KEY, ADD PRIMARY KEY (id(40))')],
    checks: ['columns'],
    names: 'columns is id(40), not id',
  },
];
