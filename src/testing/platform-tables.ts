import { choice, declareArguments, optional, options, that, type Reader } from '../arguments';
import type { Queryable } from '../engine/server/queryable';
import { charsetName, session as aSession } from './arguments';
import { addNewerPlatformTables } from './newer-platform-tables';

/** The collation of each part of the platform's schema. Left out: the database's default, inherited. */
export interface PlatformCollations {
  /** replication_schedules, schedule_executions, vm_machine_groups, vm_group_memberships, vm_replication_contexts */
  readonly schedules?: string | undefined;
  /** backup_repositories, backup_policies, backup_jobs */
  readonly repositories?: string | undefined;
}

/** A platform database as met in the field: the defaults of its database, the collations of its tables. */
export interface PlatformPreset extends PlatformCollations {
  readonly database: { readonly charset: string; readonly collation: string };
}

/**
 * `general_ci`: production. `mixed`: the same with a release whose repository tables are unicode_ci. `latin1`: an upstream server's default.
 */
export type PlatformPresetName = 'general_ci' | 'mixed' | 'latin1';
/** A newer release has telemetry in `backup_jobs`, and the tables `backup_disks` and `vm_backup_contexts`. */
export type PlatformAge = 'older' | 'newer';

const utf8mb4 = { charset: 'utf8mb4', collation: 'utf8mb4_general_ci' };

/** What each of these names stands for. */
export const platformPresets: Readonly<Record<PlatformPresetName, PlatformPreset>> = {
  general_ci: { database: utf8mb4, schedules: 'utf8mb4_general_ci', repositories: 'utf8mb4_general_ci' },
  mixed: { database: utf8mb4, schedules: 'utf8mb4_general_ci', repositories: 'utf8mb4_unicode_ci' },
  latin1: { database: { charset: 'latin1', collation: 'latin1_swedish_ci' } },
};

type Part = keyof PlatformCollations;

interface PlatformTable {
  readonly name: string;
  readonly part: Part;
  readonly definitions: string;
}

/** In the order in which their keys let them be created. */
const platformTables: readonly PlatformTable[] = [
  {
    name: 'replication_schedules',
    part: 'schedules',
    definitions: `
      id varchar(64) NOT NULL DEFAULT (uuid()),
      name varchar(255) NOT NULL,
      description text NULL,
      cron_expression varchar(100) NOT NULL,
      schedule_type enum('cron','chain') NOT NULL DEFAULT 'cron',
      timezone varchar(50) NULL DEFAULT 'UTC',
      chain_parent_schedule_id varchar(64) NULL,
      chain_delay_minutes int NULL DEFAULT 0,
      replication_type enum('full','incremental','auto') NULL DEFAULT 'auto',
      max_concurrent_jobs int NULL DEFAULT 1,
      retry_attempts int NULL DEFAULT 3,
      retry_delay_minutes int NULL DEFAULT 30,
      enabled tinyint(1) NULL DEFAULT 1,
      skip_if_running tinyint(1) NULL DEFAULT 1,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
      created_by varchar(255) NULL DEFAULT 'system',
      PRIMARY KEY (id),
      UNIQUE KEY name (name),
      KEY idx_replication_schedules_enabled (enabled),
      KEY idx_replication_schedules_parent (chain_parent_schedule_id),
      CONSTRAINT replication_schedules_ibfk_1 FOREIGN KEY (chain_parent_schedule_id)
        REFERENCES replication_schedules (id) ON DELETE SET NULL`,
  },
  {
    name: 'vm_replication_contexts',
    part: 'schedules',
    definitions: `
      context_id varchar(64) NOT NULL DEFAULT (uuid()),
      vm_name varchar(255) NOT NULL,
      vmware_vm_id varchar(255) NOT NULL,
      vm_path varchar(500) NOT NULL,
      vcenter_host varchar(255) NOT NULL,
      datacenter varchar(255) NOT NULL,
      current_status enum('discovered','replicating','ready_for_failover','failed_over_test','failed_over_live',
        'completed','failed','cleanup_required') NOT NULL DEFAULT 'discovered',
      current_job_id varchar(191) NULL,
      cpu_count int NULL,
      memory_mb int NULL,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
      next_scheduled_at timestamp NULL DEFAULT NULL,
      scheduler_enabled tinyint(1) NULL DEFAULT 1,
      PRIMARY KEY (context_id),
      UNIQUE KEY uk_vm_vcenter (vm_name, vcenter_host),
      KEY idx_current_status (current_status)`,
  },
  {
    name: 'vm_machine_groups',
    part: 'schedules',
    definitions: `
      id varchar(64) NOT NULL DEFAULT (uuid()),
      name varchar(255) NOT NULL,
      description text NULL,
      schedule_id varchar(64) NULL,
      max_concurrent_vms int NULL DEFAULT 5,
      priority int NULL DEFAULT 0,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
      created_by varchar(255) NULL DEFAULT 'system',
      PRIMARY KEY (id),
      UNIQUE KEY name (name),
      KEY idx_vm_machine_groups_schedule (schedule_id),
      CONSTRAINT vm_machine_groups_ibfk_1 FOREIGN KEY (schedule_id)
        REFERENCES replication_schedules (id) ON DELETE SET NULL`,
  },
  {
    name: 'vm_group_memberships',
    part: 'schedules',
    definitions: `
      id varchar(64) NOT NULL DEFAULT (uuid()),
      group_id varchar(64) NOT NULL,
      vm_context_id varchar(64) NOT NULL,
      enabled tinyint(1) NULL DEFAULT 1,
      priority int NULL DEFAULT 0,
      schedule_override_id varchar(64) NULL,
      added_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      added_by varchar(255) NULL DEFAULT 'system',
      PRIMARY KEY (id),
      UNIQUE KEY unique_vm_group (group_id, vm_context_id),
      KEY idx_vm_group_memberships_vm (vm_context_id),
      KEY idx_vm_group_memberships_override (schedule_override_id),
      CONSTRAINT vm_group_memberships_ibfk_1 FOREIGN KEY (group_id)
        REFERENCES vm_machine_groups (id) ON DELETE CASCADE,
      CONSTRAINT vm_group_memberships_ibfk_2 FOREIGN KEY (vm_context_id)
        REFERENCES vm_replication_contexts (context_id) ON DELETE CASCADE,
      CONSTRAINT vm_group_memberships_ibfk_3 FOREIGN KEY (schedule_override_id)
        REFERENCES replication_schedules (id) ON DELETE SET NULL`,
  },
  {
    name: 'schedule_executions',
    part: 'schedules',
    definitions: `
      id varchar(64) NOT NULL DEFAULT (uuid()),
      schedule_id varchar(64) NOT NULL,
      group_id varchar(64) NULL,
      scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
      started_at timestamp NULL DEFAULT NULL,
      completed_at timestamp NULL DEFAULT NULL,
      status enum('scheduled','running','completed','failed','skipped','cancelled') NULL DEFAULT 'scheduled',
      vms_eligible int NULL DEFAULT 0,
      jobs_created int NULL DEFAULT 0,
      jobs_completed int NULL DEFAULT 0,
      jobs_failed int NULL DEFAULT 0,
      jobs_skipped int NULL DEFAULT 0,
      execution_details json NULL,
      error_message text NULL,
      execution_duration_seconds int NULL,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      triggered_by varchar(255) NULL DEFAULT 'scheduler',
      PRIMARY KEY (id),
      KEY idx_schedule_executions_schedule (schedule_id),
      KEY idx_schedule_executions_status (status),
      KEY idx_schedule_executions_scheduled_at (scheduled_at),
      KEY idx_schedule_executions_group (group_id),
      CONSTRAINT schedule_executions_ibfk_1 FOREIGN KEY (schedule_id)
        REFERENCES replication_schedules (id) ON DELETE CASCADE,
      CONSTRAINT schedule_executions_ibfk_2 FOREIGN KEY (group_id)
        REFERENCES vm_machine_groups (id) ON DELETE SET NULL`,
  },
  {
    name: 'backup_repositories',
    part: 'repositories',
    definitions: `
      id varchar(64) NOT NULL,
      name varchar(255) NOT NULL,
      repository_type enum('local','nfs','cifs','smb','s3','azure') NOT NULL,
      enabled tinyint(1) NULL DEFAULT 1,
      config json NOT NULL,
      is_immutable tinyint(1) NULL DEFAULT 0,
      min_retention_days int NULL DEFAULT 0,
      total_size_bytes bigint NULL DEFAULT 0,
      used_size_bytes bigint NULL DEFAULT 0,
      available_size_bytes bigint NULL DEFAULT 0,
      last_check_at timestamp NULL DEFAULT NULL,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
      PRIMARY KEY (id),
      UNIQUE KEY unique_name (name),
      KEY idx_type (repository_type),
      KEY idx_enabled (enabled)`,
  },
  {
    name: 'backup_policies',
    part: 'repositories',
    definitions: `
      id varchar(64) NOT NULL,
      name varchar(255) NOT NULL,
      enabled tinyint(1) NULL DEFAULT 1,
      primary_repository_id varchar(64) NOT NULL,
      retention_days int NULL DEFAULT 30,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
      PRIMARY KEY (id),
      UNIQUE KEY unique_name (name),
      KEY primary_repository_id (primary_repository_id),
      CONSTRAINT backup_policies_ibfk_1 FOREIGN KEY (primary_repository_id) REFERENCES backup_repositories (id)`,
  },
  {
    name: 'backup_jobs',
    part: 'repositories',
    // No key to vm_replication_contexts: on a mixed database the collations would not let it in
    definitions: `
      id varchar(64) NOT NULL,
      vm_context_id varchar(191) NOT NULL,
      vm_name varchar(255) NOT NULL,
      repository_id varchar(64) NOT NULL,
      policy_id varchar(64) NULL,
      backup_type enum('full','incremental','differential') NOT NULL,
      status enum('pending','running','completed','failed','cancelled') NOT NULL DEFAULT 'pending',
      repository_path varchar(512) NOT NULL,
      parent_backup_id varchar(64) NULL,
      change_id varchar(191) NULL,
      bytes_transferred bigint NULL DEFAULT 0,
      total_bytes bigint NULL DEFAULT 0,
      compression_enabled tinyint(1) NULL DEFAULT 1,
      error_message text NULL,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      started_at timestamp NULL DEFAULT NULL,
      completed_at timestamp NULL DEFAULT NULL,
      PRIMARY KEY (id),
      KEY idx_vm_context (vm_context_id),
      KEY idx_repository (repository_id),
      KEY idx_policy (policy_id),
      KEY idx_status (status),
      KEY idx_created (created_at),
      KEY idx_parent (parent_backup_id),
      CONSTRAINT backup_jobs_ibfk_1 FOREIGN KEY (repository_id)
        REFERENCES backup_repositories (id) ON DELETE RESTRICT,
      CONSTRAINT backup_jobs_ibfk_2 FOREIGN KEY (policy_id) REFERENCES backup_policies (id) ON DELETE SET NULL,
      CONSTRAINT backup_jobs_ibfk_3 FOREIGN KEY (parent_backup_id) REFERENCES backup_jobs (id) ON DELETE SET NULL`,
  },
];

/** The platform's tables in the order of their keys: a table comes after those that it refers to. */
export const platformTableNames: readonly string[] = platformTables.map((table) => table.name);

function tableOptions(collation: string | undefined): string {
  if (collation === undefined) return 'ENGINE=InnoDB';
  return `ENGINE=InnoDB DEFAULT CHARSET=${collation.replace(/_.*/, '')} COLLATE=${collation}`;
}

const presetName = choice(Object.keys(platformPresets) as PlatformPresetName[]);
const collationOfParts = options({
  schedules: optional(charsetName),
  repositories: optional(charsetName),
  // Of a preset, which is for who creates the database
  database: (value) => value,
});
const presetOrCollations: Reader<PlatformPresetName | PlatformCollations> = (value, field, faults) =>
  typeof value === 'string' ? presetName(value, field, faults) : collationOfParts(value, field, faults);

const read = declareArguments('createPlatformTables', {
  session: aSession,
  collations: optional(presetOrCollations, 'general_ci'),
  only: optional(
    that<readonly string[]>(
      'isIn',
      (value) =>
        Array.isArray(value) &&
        Array.from(value as unknown[]).every((one) => platformTableNames.includes(one as string)),
      `must be a list of the platform's tables: ${platformTableNames.join(', ')}`,
    ),
    platformTableNames,
  ),
  age: optional(choice(['older', 'newer']), 'older'),
});

/**
 * Creates the platform's eight tables, which the package refers to and never creates itself; of a newer release ten.
 *
 * @param collations a preset's name, or the collation of each part. Default: `general_ci`
 * @param only the tables to create, all by default; name those that they refer to as well
 * @param age `newer` adds to `backup_jobs`, so that has to be among the tables. Default: `older`
 * @throws ProtectionFlowsError VALIDATION_FAILED, naming everything that is wrong with the arguments; the server's error
 * where one of the tables exists already
 */
export async function createPlatformTables(
  session: Queryable,
  collations?: PlatformPresetName | PlatformCollations,
  only?: readonly string[],
  age?: PlatformAge,
): Promise<void> {
  const given = read({ session, collations, only, age });
  const chosen: PlatformCollations =
    typeof given.collations === 'string' ? platformPresets[given.collations] : given.collations;
  for (const { name, part, definitions } of platformTables) {
    if (!given.only.includes(name)) continue;
    await session.query(`CREATE TABLE ${name} (${definitions}\n) ${tableOptions(chosen[part])}`);
  }
  if (given.age === 'newer') await addNewerPlatformTables(session);
}
