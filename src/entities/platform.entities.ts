import { Column, Entity, OneToMany, PrimaryColumn, type Relation, JoinColumn, ManyToOne } from 'typeorm';
import {
  scheduleTypes,
  type ScheduleType,
  scheduleExecutionStatuses,
  type ScheduleExecutionStatus,
  backupTypes,
  jobStatuses,
  type BackupType,
  type JobStatus,
} from '../domain';
import { ProtectionFlow } from './protection-flow.entity';
import { ProtectionFlowExecution } from './protection-flow-execution.entity';
import { exactNumber } from './columns';

/**
 * When flows run: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'replication_schedules', synchronize: false })
export class ReplicationSchedule {
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** Null: nobody described it. */
  @Column({ type: 'text', nullable: true })
  description!: string | null;

  @Column({ type: 'varchar', length: 100 })
  cron_expression!: string;

  @Column({ type: 'enum', enum: scheduleTypes, default: 'cron' })
  schedule_type!: ScheduleType;

  /** The time zone in which cron_expression is meant. Null: UTC. */
  @Column({ type: 'varchar', length: 50, nullable: true, default: 'UTC' })
  timezone!: string | null;

  /** Null, which the platform's column lets in: as its default, true. */
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
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  schedule_id!: string;

  /** Null: the schedule fired for no particular group. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  group_id!: string | null;

  @Column({ type: 'timestamp', precision: 0 })
  scheduled_at!: Date;

  /** Null: not started yet, or skipped. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  started_at!: Date | null;

  /** Null: not over yet. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  completed_at!: Date | null;

  /** Null, which the platform's column lets in: as its default, scheduled. */
  @Column({ type: 'enum', enum: scheduleExecutionStatuses, nullable: true, default: 'scheduled' })
  status!: ScheduleExecutionStatus | null;

  @ManyToOne(() => ReplicationSchedule, (schedule) => schedule.executions, {
    nullable: false,
    createForeignKeyConstraints: false,
  })
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
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** The group's own schedule, which has nothing to do with its flows. Null: none. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  schedule_id!: string | null;

  /** Null, which the platform's column lets in: as its default, 5. */
  @Column({ type: 'int', nullable: true, default: 5 })
  max_concurrent_vms!: number | null;

  /** The lower, the earlier. Null, which the platform's column lets in: as its default, 0. */
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
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  group_id!: string;

  @Column({ type: 'varchar', length: 64 })
  vm_context_id!: string;

  /** False: the group's runs pass this VM over. Null, which the platform's column lets in: as its default, true. */
  @Column({ type: 'boolean', nullable: true, default: true })
  enabled!: boolean | null;

  @ManyToOne(() => VmMachineGroup, (group) => group.memberships, {
    nullable: false,
    createForeignKeyConstraints: false,
  })
  @JoinColumn({ name: 'group_id' })
  group!: Relation<VmMachineGroup>;

  @ManyToOne(() => VmReplicationContext, { nullable: false, createForeignKeyConstraints: false })
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
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
  context_id!: string;

  @Column({ type: 'varchar', length: 255 })
  vm_name!: string;

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
  /** The program that inserts the row brings it: the column has no default. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** `local`, `nfs`, `s3` and others: an enum that grows with the platform, so it is read as any text. */
  @Column({ type: 'varchar', length: 64 })
  repository_type!: string;

  /** Null, which the platform's column lets in: as its default, true. */
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
  /** The program that inserts the row brings it: the column has no default. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Column({ type: 'varchar', length: 64 })
  primary_repository_id!: string;

  /** Null, which the platform's column lets in: as its default, 30. */
  @Column({ type: 'int', nullable: true, default: 30 })
  retention_days!: number | null;

  @ManyToOne(() => BackupRepository, { nullable: false, createForeignKeyConstraints: false })
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

  @Column({ type: 'varchar', length: 191 })
  vm_context_id!: string;

  @Column({ type: 'varchar', length: 255 })
  vm_name!: string;

  @Column({ type: 'varchar', length: 64 })
  repository_id!: string;

  @Column({ type: 'enum', enum: backupTypes })
  backup_type!: BackupType;

  @Column({ type: 'enum', enum: jobStatuses, default: 'pending' })
  status!: JobStatus;

  /** Null, which the platform's column lets in: as its default, 0. Reading more than 8 PiB throws a RangeError. */
  @Column({ type: 'bigint', nullable: true, default: 0, transformer: exactNumber('bytes_transferred') })
  bytes_transferred!: number | null;

  /** Null: nothing went wrong. */
  @Column({ type: 'text', nullable: true })
  error_message!: string | null;

  /** Null, which the platform's column lets in: not known. */
  @Column({ type: 'timestamp', precision: 0, nullable: true, default: () => 'CURRENT_TIMESTAMP' })
  created_at!: Date | null;

  /** Null: not running yet. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  started_at!: Date | null;

  /** Null: not over yet. */
  @Column({ type: 'timestamp', precision: 0, nullable: true })
  completed_at!: Date | null;
}
