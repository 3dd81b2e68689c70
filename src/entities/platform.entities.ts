import { Column, Entity, OneToMany, PrimaryColumn, type Relation, JoinColumn, ManyToOne } from 'typeorm';
import * as words from '../domain/words';
import { exactNumber, idColumn } from './columns';
import { ProtectionFlow } from './protection-flow.entity';
import { ProtectionFlowExecution } from './protection-flow-execution.entity';

/** A row of another table of the platform's that has to be there; the key is the platform's. */
const needed = { nullable: false, createForeignKeyConstraints: false } as const;

/**
 * When flows run: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'replication_schedules', synchronize: false })
export class ReplicationSchedule {
  /** The row that schedule_id of a flow names. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** What the schedule is called. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** What the schedule is for. Null: nobody described it. */
  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** The times at which flows are due, as a cron expression. */
  @Column({ type: 'varchar', length: 100 })
  cron_expression!: string;

  /** `cron` fires by its expression, `chain` after another schedule has run. */
  @Column({ type: 'enum', enum: words.scheduleTypes, default: 'cron' })
  schedule_type!: words.ScheduleType;

  /** The time zone in which cron_expression is meant. Null: UTC. */
  @Column({ type: 'varchar', length: 50, nullable: true, default: 'UTC' })
  timezone!: string | null;

  /** Whether the schedule fires. Null, which the platform's column lets in: as its default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  /** To read only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.schedule, { persistence: false })
  flows!: Relation<ProtectionFlow>[];

  /** To read only: each time it fired. */
  @OneToMany(() => ScheduleExecution, (execution) => execution.schedule, { persistence: false })
  executions!: Relation<ScheduleExecution>[];
}

/**
 * One firing of a platform schedule: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform's scheduler.
 */
@Entity({ name: 'schedule_executions', synchronize: false })
export class ScheduleExecution {
  /** The row that schedule_execution_id of an execution names. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** The schedule that fired. */
  @Column({ type: 'varchar', length: 64 })
  schedule_id!: string;

  /** The group for which it fired. Null: the schedule fired for no particular group. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  group_id!: string | null;

  /** When it was to fire. */
  @Column({ type: 'timestamp', precision: 0 })
  scheduled_at!: Date;

  /** When it began. Null: not started yet, or skipped. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  started_at!: Date | null;

  /** When it ended. Null: not over yet. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  completed_at!: Date | null;

  /** How the firing went. Null, which the platform's column lets in: as its default, scheduled. */
  @Column({ type: 'enum', enum: words.scheduleExecutionStatuses, nullable: true, default: 'scheduled' })
  status!: words.ScheduleExecutionStatus | null;

  @ManyToOne(() => ReplicationSchedule, (schedule) => schedule.executions, needed)
  @JoinColumn({ name: 'schedule_id' })
  schedule!: Relation<ReplicationSchedule>;

  /** To read only: the runs of flows that this firing started. */
  @OneToMany(() => ProtectionFlowExecution, (execution) => execution.schedule_execution, {
    persistence: false,
  })
  flow_executions!: Relation<ProtectionFlowExecution>[];
}

/**
 * A group of VMs, one of the two things that a flow can protect: a table of the platform, of which the columns that
 * this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_machine_groups', synchronize: false })
export class VmMachineGroup {
  /** The row that target_id of a flow names. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** What the group is called. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The group's own schedule, which has nothing to do with its flows. Null: none. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  schedule_id!: string | null;

  /** How many of its VMs are worked on at once. Null, which the platform's column lets in: as its default, 5. */
  @Column({ type: 'int', nullable: true, default: 5 })
  max_concurrent_vms!: number | null;

  /** Which group comes first. The lower, the earlier. Null, which the platform's column lets in: as its default, 0. */
  @Column({ type: 'int', nullable: true, default: 0 })
  priority!: number | null;

  /** To read only. */
  @OneToMany(() => VmGroupMembership, (membership) => membership.group, { persistence: false })
  memberships!: Relation<VmGroupMembership>[];
}

/**
 * One VM's membership in a group: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_group_memberships', synchronize: false })
export class VmGroupMembership {
  /** The row's own id. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** The group. */
  @Column({ type: 'varchar', length: 64 })
  group_id!: string;

  /** The VM that is in it. */
  @Column({ type: 'varchar', length: 64 })
  vm_context_id!: string;

  /** Whether the VM takes part. False: the group's runs pass this VM over. Null, which the platform's column lets in: as its default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  @ManyToOne(() => VmMachineGroup, (group) => group.memberships, needed)
  @JoinColumn({ name: 'group_id' })
  group!: Relation<VmMachineGroup>;

  @ManyToOne(() => VmReplicationContext, needed)
  @JoinColumn({ name: 'vm_context_id', referencedColumnName: 'context_id' })
  vm_context!: Relation<VmReplicationContext>;
}

/**
 * A VM that the platform knows, one of the two things that a flow can protect: a table of the platform, of which the
 * columns that this package reads are declared. Its key is context_id, not id.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_replication_contexts', synchronize: false })
export class VmReplicationContext {
  /** The row that target_id of a flow names. */
  @PrimaryColumn(idColumn)
  context_id!: string;

  /** What the VM is called. */
  @Column({ type: 'varchar', length: 255 })
  vm_name!: string;

  /** The vCenter that runs it. */
  @Column({ type: 'varchar', length: 255 })
  vcenter_host!: string;
}

/**
 * Where backups are kept: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package; a row that a flow uses can't be deleted. Written by
 * the platform.
 */
@Entity({ name: 'backup_repositories', synchronize: false })
export class BackupRepository {
  /** The row that repository_id of a flow names. The program that inserts the row brings it: the column has no default. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** What the repository is called. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** `local`, `nfs`, `s3` and others: an enum that grows with the platform, so it is read as any text. */
  @Column({ type: 'varchar', length: 64 })
  repository_type!: string;

  /** Whether backups may be kept there. Null, which the platform's column lets in: as its default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  /** To read only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.repository, { persistence: false })
  flows!: Relation<ProtectionFlow>[];
}

/**
 * How long backups are kept: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'backup_policies', synchronize: false })
export class BackupPolicy {
  /** The row that policy_id of a flow names. The program that inserts the row brings it: the column has no default. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** What the policy is called. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The repository that keeps the policy's backups. */
  @Column({ type: 'varchar', length: 64 })
  primary_repository_id!: string;

  /** For how many days a backup is kept. Null, which the platform's column lets in: as its default, 30. */
  @Column({ type: 'int', nullable: true, default: 30 })
  retention_days!: number | null;

  @ManyToOne(() => BackupRepository, needed)
  @JoinColumn({ name: 'primary_repository_id' })
  primary_repository!: Relation<BackupRepository>;

  /** To read only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.policy, { persistence: false })
  flows!: Relation<ProtectionFlow>[];
}

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
  @Column({ type: 'enum', enum: words.backupTypes })
  backup_type!: words.BackupType;

  /** How the job stands: it decides how its run ends. */
  @Column({ type: 'enum', enum: words.jobStatuses, default: 'pending' })
  status!: words.JobStatus;

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
