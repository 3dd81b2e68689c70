import { choice, declareArguments, optional, options, that, type Reader } from '../arguments';
import type { Queryable } from '../engine/server/queryable';
import { charsetName, session as aSession } from './throw-away-database';

/** The collation of each part of the platform's schema. Left out: the database's default, inherited. */
export interface PlatformCollations {
  /** replication_schedules, schedule_executions, vm_machine_groups, vm_group_memberships, vm_replication_contexts */
  readonly schedules?: string | undefined;
  /** backup_repositories, backup_policies, backup_jobs */
  readonly repositories?: string | undefined;
}

/** A platform database as found in the field: the database's defaults and the tables' collations. */
export interface PlatformPreset extends PlatformCollations {
  readonly database: { readonly charset: string; readonly collation: string };
}

/**
 * `general_ci`: production. `mixed`: a release whose repository tables are unicode_ci. `latin1`: an upstream server's default.
 */
export type PlatformPresetName = 'general_ci' | 'mixed' | 'latin1';
/** A newer release has telemetry in `backup_jobs`, and the tables `backup_disks` and `vm_backup_contexts`. */
export type PlatformAge = 'older' | 'newer';

const utf8mb4 = { charset: 'utf8mb4', collation: 'utf8mb4_general_ci' };

/** The presets by name. */
export const platformPresets: Readonly<Record<PlatformPresetName, PlatformPreset>> = {
  general_ci: { database: utf8mb4, schedules: 'utf8mb4_general_ci', repositories: 'utf8mb4_general_ci' },
  mixed: { database: utf8mb4, schedules: 'utf8mb4_general_ci', repositories: 'utf8mb4_unicode_ci' },
  latin1: { database: { charset: 'latin1', collation: 'latin1_swedish_ci' } },
};

/** The column and key definitions of each part's tables. A table comes after the tables that its keys refer to. */
const platformTables: Readonly<Record<keyof PlatformCollations, Readonly<Record<string, string>>>> = {
  schedules: {
    replication_schedules: `
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
    vm_replication_contexts: `
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
    vm_machine_groups: `
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
    vm_group_memberships: `
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
    schedule_executions: `
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
  repositories: {
    backup_repositories: `
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
    backup_policies: `
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
    // No key to vm_replication_contexts: on a mixed database the collations differ, and the server would refuse it
    backup_jobs: `
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
};

/** Columns that newer releases of the platform add to `backup_jobs`: the progress that the backup engine reports. */
const telemetry = `
  ALTER TABLE backup_jobs
    ADD COLUMN vm_backup_context_id varchar(64) NULL,
    ADD COLUMN current_phase varchar(50) NULL DEFAULT 'pending',
    ADD COLUMN transfer_speed_bps bigint NULL DEFAULT 0,
    ADD COLUMN eta_seconds int NULL DEFAULT 0,
    ADD COLUMN progress_percent decimal(5,2) NULL DEFAULT 0.00,
    ADD COLUMN last_telemetry_at datetime NULL DEFAULT NULL,
    ADD KEY idx_telemetry (status, last_telemetry_at)`;

/** Tables that only newer releases have. Their collation is always general_ci. */
const newerTables: Readonly<Record<string, string>> = {
  vm_backup_contexts: `
      context_id varchar(64) NOT NULL,
      vm_name varchar(255) NOT NULL,
      repository_id varchar(64) NOT NULL,
      total_backups_run int NULL DEFAULT 0,
      successful_backups int NULL DEFAULT 0,
      failed_backups int NULL DEFAULT 0,
      last_backup_id varchar(64) NULL,
      last_backup_type varchar(20) NULL,
      last_backup_at timestamp NULL DEFAULT NULL,
      created_at timestamp NULL DEFAULT CURRENT_TIMESTAMP,
      PRIMARY KEY (context_id),
      UNIQUE KEY uk_vm_repository (vm_name, repository_id)`,
  backup_disks: `
      id bigint NOT NULL AUTO_INCREMENT,
      backup_job_id varchar(64) NOT NULL,
      disk_index int NOT NULL,
      size_gb bigint NOT NULL DEFAULT 0,
      bytes_transferred bigint NULL DEFAULT 0,
      status varchar(20) NULL DEFAULT 'pending',
      progress_percent decimal(5,2) NULL DEFAULT 0.00,
      PRIMARY KEY (id),
      UNIQUE KEY uk_backup_disk (backup_job_id, disk_index)`,
};

/** The names of the platform's tables. A table comes after the tables that its keys refer to. */
export const platformTableNames: readonly string[] = Object.values(platformTables).flatMap(Object.keys);

const presetName = choice(Object.keys(platformPresets) as PlatformPresetName[]);
const collationOfParts = options({
  schedules: optional(charsetName),
  repositories: optional(charsetName),
  database: (value) => value, // Part of a preset, for the caller that creates the database
});
const presetOrCollations: Reader<PlatformCollations> = (value, field, faults) =>
  typeof value === 'string'
    ? platformPresets[presetName(value, field, faults)]
    : collationOfParts(value, field, faults);
const isTable = (name: unknown): boolean => platformTableNames.includes(name as string);

const read = declareArguments('createPlatformTables', {
  session: aSession,
  collations: optional(presetOrCollations, platformPresets.general_ci),
  only: optional(
    that<readonly string[]>(
      'isIn',
      (value) => Array.isArray(value) && Array.from(value as unknown[]).every(isTable),
      `must be a list of the platform's tables: ${platformTableNames.join(', ')}`,
    ),
    platformTableNames,
  ),
  age: optional(choice(['older', 'newer']), 'older'),
});

/**
 * Creates the platform's eight tables, or the ten of a newer release. Outside of tests the package never creates them.
 *
 * @param collations a preset's name, or the collation of each part. Default: `general_ci`
 * @param only the tables to create, with the tables that they refer to. Default: all
 * @param age `newer` adds columns to `backup_jobs`, so `only` has to name that table. Default: `older`
 * @throws ProtectionFlowsError VALIDATION_FAILED, naming everything that is wrong with the arguments; the server's error
 * if one of the tables exists already
 */
export async function createPlatformTables(
  session: Queryable,
  collations?: PlatformPresetName | PlatformCollations,
  only?: readonly string[],
  age?: PlatformAge,
): Promise<void> {
  const given = read({ session, collations, only, age });
  const create = (name: string, definitions: string, collation: string | undefined): Promise<unknown> => {
    const defaults = collation && ` DEFAULT CHARSET=${collation.replace(/_.*/, '')} COLLATE=${collation}`;
    return session.query(`CREATE TABLE ${name} (${definitions}\n) ENGINE=InnoDB${defaults ?? ''}`);
  };
  for (const part of ['schedules', 'repositories'] as const)
    for (const [name, definitions] of Object.entries(platformTables[part]))
      if (given.only.includes(name)) await create(name, definitions, given.collations[part]);
  if (given.age === 'older') return;
  await session.query(telemetry);
  for (const [name, definitions] of Object.entries(newerTables))
    await create(name, definitions, utf8mb4.collation);
}
