import { Column, Entity, OneToMany, PrimaryColumn, type Relation, JoinColumn, ManyToOne } from 'typeorm';
import * as words from '../domain/words';
import { exactNumber, idColumn } from './columns';
import { ProtectionFlow } from './protection-flow.entity';
import { ProtectionFlowExecution } from './protection-flow-execution.entity';

/** Options of a relation to a required row of the platform, whose foreign key is the platform's own. */
const needed = { nullable: false, createForeignKeyConstraints: false } as const;

/**
 * When flows run: a table of the platform. Only the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'replication_schedules', synchronize: false })
export class ReplicationSchedule {
  /** The schedule's id, to which a flow's schedule_id refers. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** The schedule's name. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** What the schedule is for, in free text. Null: no description. */
  @Column({ type: 'text', nullable: true })
  description!: string | null;

  /** The times at which flows are due, as a cron expression. */
  @Column({ type: 'varchar', length: 100 })
  cron_expression!: string;

  /** `cron` fires by its expression, `chain` after another schedule has run. */
  @Column({ type: 'enum', enum: words.scheduleTypes, default: 'cron' })
  schedule_type!: words.ScheduleType;

  /** The time zone of cron_expression. Null: UTC. */
  @Column({ type: 'varchar', length: 50, nullable: true, default: 'UTC' })
  timezone!: string | null;

  /** Whether the schedule fires. Null, which the platform's column allows: the default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  /** For reading only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.schedule, { persistence: false })
  flows!: Relation<ProtectionFlow>[];

  /** For reading only: the schedule's firings. */
  @OneToMany(() => ScheduleExecution, (execution) => execution.schedule, { persistence: false })
  executions!: Relation<ScheduleExecution>[];
}

/**
 * One firing of a platform schedule: a table of the platform. Only the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform's scheduler.
 */
@Entity({ name: 'schedule_executions', synchronize: false })
export class ScheduleExecution {
  /** The firing's id, to which an execution's schedule_execution_id refers. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** The schedule that fired. */
  @Column({ type: 'varchar', length: 64 })
  schedule_id!: string;

  /** The group for which the schedule fired. Null: for no particular group. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  group_id!: string | null;

  /** When the schedule was due to fire. */
  @Column({ type: 'timestamp', precision: 0 })
  scheduled_at!: Date;

  /** When the firing began. Null: it has not begun, or was skipped. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  started_at!: Date | null;

  /** When the firing ended. Null: it has not ended. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  completed_at!: Date | null;

  /** The state of the firing. Null, which the platform's column allows: the default, scheduled. */
  @Column({ type: 'enum', enum: words.scheduleExecutionStatuses, nullable: true, default: 'scheduled' })
  status!: words.ScheduleExecutionStatus | null;

  @ManyToOne(() => ReplicationSchedule, (schedule) => schedule.executions, needed)
  @JoinColumn({ name: 'schedule_id' })
  schedule!: Relation<ReplicationSchedule>;

  /** For reading only: the runs of flows that this firing started. */
  @OneToMany(() => ProtectionFlowExecution, (execution) => execution.schedule_execution, {
    persistence: false,
  })
  flow_executions!: Relation<ProtectionFlowExecution>[];
}

/**
 * A group of VMs, one of the two things that a flow can protect: a table of the platform. Only the columns that this
 * package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_machine_groups', synchronize: false })
export class VmMachineGroup {
  /** The group's id, to which a flow's target_id refers. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** The group's name. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The group's own schedule; it does not concern flows. Null: none. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  schedule_id!: string | null;

  /** How many of its VMs the platform processes at once. Null, which the platform's column allows: the default, 5. */
  @Column({ type: 'int', nullable: true, default: 5 })
  max_concurrent_vms!: number | null;

  /** The order of groups, lowest first. Null, which the platform's column allows: the default, 0. */
  @Column({ type: 'int', nullable: true, default: 0 })
  priority!: number | null;

  /** For reading only. */
  @OneToMany(() => VmGroupMembership, (membership) => membership.group, { persistence: false })
  memberships!: Relation<VmGroupMembership>[];
}

/**
 * One VM's membership in a group: a table of the platform. Only the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_group_memberships', synchronize: false })
export class VmGroupMembership {
  /** The membership's id. */
  @PrimaryColumn(idColumn)
  id!: string;

  /** The group. */
  @Column({ type: 'varchar', length: 64 })
  group_id!: string;

  /** The VM in the group. */
  @Column({ type: 'varchar', length: 64 })
  vm_context_id!: string;

  /** Whether the VM takes part. False: runs of the group skip this VM. Null, which the platform's column allows: the default, true. */
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
 * A VM that the platform knows, one of the two things that a flow can protect: a table of the platform. Only the columns
 * that this package reads are declared. Its key is context_id, not id.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'vm_replication_contexts', synchronize: false })
export class VmReplicationContext {
  /** The VM's id, to which a flow's target_id refers. */
  @PrimaryColumn(idColumn)
  context_id!: string;

  /** The VM's name. */
  @Column({ type: 'varchar', length: 255 })
  vm_name!: string;

  /** The vCenter that runs the VM. */
  @Column({ type: 'varchar', length: 255 })
  vcenter_host!: string;
}

/**
 * Where backups are kept: a table of the platform. Only the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package; a row that a flow uses can't be deleted. Written by
 * the platform.
 */
@Entity({ name: 'backup_repositories', synchronize: false })
export class BackupRepository {
  /** The repository's id, to which a flow's repository_id refers. The column has no default: the inserting program gives the id. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** The repository's name. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** `local`, `nfs`, `s3` and others: an enum that grows with the platform, so any text is read. */
  @Column({ type: 'varchar', length: 64 })
  repository_type!: string;

  /** Whether the repository may keep backups. Null, which the platform's column allows: the default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  /** For reading only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.repository, { persistence: false })
  flows!: Relation<ProtectionFlow>[];
}

/**
 * How long backups are kept: a table of the platform. Only the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'backup_policies', synchronize: false })
export class BackupPolicy {
  /** The policy's id, to which a flow's policy_id refers. The column has no default: the inserting program gives the id. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** The policy's name. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The repository that keeps the policy's backups. */
  @Column({ type: 'varchar', length: 64 })
  primary_repository_id!: string;

  /** How many days a backup is kept. Null, which the platform's column allows: the default, 30. */
  @Column({ type: 'int', nullable: true, default: 30 })
  retention_days!: number | null;

  @ManyToOne(() => BackupRepository, needed)
  @JoinColumn({ name: 'primary_repository_id' })
  primary_repository!: Relation<BackupRepository>;

  /** For reading only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.policy, { persistence: false })
  flows!: Relation<ProtectionFlow>[];
}

/**
 * One backup of one VM, started by a run of a flow: a table of the platform. Only the columns that this package reads are
 * declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform's backup engine.
 */
@Entity({ name: 'backup_jobs', synchronize: false })
export class BackupJob {
  /** `backup-<vm>-<unix seconds>`, given by the inserting program. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** The VM that is backed up. */
  @Column({ type: 'varchar', length: 191 })
  vm_context_id!: string;

  /** The VM's name. */
  @Column({ type: 'varchar', length: 255 })
  vm_name!: string;

  /** The repository that keeps the backup. */
  @Column({ type: 'varchar', length: 64 })
  repository_id!: string;

  /** `full`, `incremental` or `differential`: how much of the VM is copied. */
  @Column({ type: 'enum', enum: words.backupTypes })
  backup_type!: words.BackupType;

  /** The job's state; it decides how the run ends. */
  @Column({ type: 'enum', enum: words.jobStatuses, default: 'pending' })
  status!: words.JobStatus;

  /** How many bytes the job has transferred. Null, which the platform's column allows: the default, 0. Reading more than 8 PiB throws a RangeError. */
  @Column({ type: 'bigint', nullable: true, default: 0, transformer: exactNumber('bytes_transferred') })
  bytes_transferred!: number | null;

  /** What went wrong. Null: nothing went wrong. */
  @Column({ type: 'text', nullable: true })
  error_message!: string | null;

  /** When the job was created. Null, which the platform's column allows: not known. */
  @Column({ type: 'timestamp', precision: 0, nullable: true, default: () => 'CURRENT_TIMESTAMP' })
  created_at!: Date | null;

  /** When the job began. Null: it has not begun. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  started_at!: Date | null;

  /** When the job ended. Null: it has not ended. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  completed_at!: Date | null;
}
