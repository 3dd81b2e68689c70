import { Column, Entity, PrimaryColumn } from 'typeorm';
import { backupTypes, jobStatuses, type BackupType, type JobStatus } from '../domain';
import { exactNumber } from './columns';

/**
 * One backup of one VM, started by a run of a flow: a table of the platform, of which the columns that this package
 * reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform's backup engine.
 */
@Entity({ name: 'backup_jobs', synchronize: false })
export class BackupJob {
  /** `backup-<vm>-<unix seconds>`, from the program that inserts the row. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** The VM that is backed up. */
  @Column({ type: 'varchar', length: 191 })
  vm_context_id!: string;

  /** What that VM is called. */
  @Column({ type: 'varchar', length: 255 })
  vm_name!: string;

  /** Where the backup is kept. */
  @Column({ type: 'varchar', length: 64 })
  repository_id!: string;

  /** `full`, `incremental` or `differential`: how much of the VM is copied. */
  @Column({ type: 'enum', enum: backupTypes })
  backup_type!: BackupType;

  /** How the job stands: it decides how its run ends. */
  @Column({ type: 'enum', enum: jobStatuses, default: 'pending' })
  status!: JobStatus;

  /** How many bytes it has transferred. Null, which the platform's column lets in: as its default, 0. Reading more than 8 PiB throws a RangeError. */
  @Column({ type: 'bigint', nullable: true, default: 0, transformer: exactNumber('bytes_transferred') })
  bytes_transferred!: number | null;

  /** What went wrong. Null: nothing went wrong. */
  @Column({ type: 'text', nullable: true })
  error_message!: string | null;

  /** When it was created. Null, which the platform's column lets in: not known. */
  @Column({ type: 'timestamp', precision: 0, nullable: true, default: () => 'CURRENT_TIMESTAMP' })
  created_at!: Date | null;

  /** When it began. Null: not running yet. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  started_at!: Date | null;

  /** When it ended. Null: not over yet. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  completed_at!: Date | null;
}
