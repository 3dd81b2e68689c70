import type { Queryable } from '../engine/server/queryable';

/** What newer releases of the platform have added to `backup_jobs`: how a running backup goes, as its engine tells. */
const telemetryColumns = [
  'vm_backup_context_id varchar(64) NULL',
  "current_phase varchar(50) NULL DEFAULT 'pending'",
  'transfer_speed_bps bigint NULL DEFAULT 0',
  'eta_seconds int NULL DEFAULT 0',
  'progress_percent decimal(5,2) NULL DEFAULT 0.00',
  'last_telemetry_at datetime NULL DEFAULT NULL',
];

/** The tables that newer releases have besides: general_ci, whatever the others are. */
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

/** Makes the platform's tables those of a newer release; `backup_jobs` is there as in an older one. */
export async function addNewerPlatformTables(session: Queryable): Promise<void> {
  const columns = telemetryColumns.map((column) => `ADD COLUMN ${column}`).join(', ');
  await session.query(
    `ALTER TABLE backup_jobs ${columns}, ADD KEY idx_telemetry (status, last_telemetry_at)`,
  );
  for (const [name, definitions] of Object.entries(newerTables))
    await session.query(
      `CREATE TABLE ${name} (${definitions}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci`,
    );
}
