import { Column, Entity, OneToMany, PrimaryColumn, type Relation, JoinColumn, ManyToOne } from 'typeorm';
import {
  scheduleTypes,
  type ScheduleType,
  scheduleExecutionStatuses,
  type ScheduleExecutionStatus,
} from '../domain';
import { ProtectionFlow } from './protection-flow.entity';
import { ProtectionFlowExecution } from './protection-flow-execution.entity';

export { BackupJob } from './backup-job.entity';

/**
 * When flows run: a table of the platform, of which the columns that this package reads are declared.
 *
 * Guarantee: never created, altered or dropped by this package. Written by the platform.
 */
@Entity({ name: 'replication_schedules', synchronize: false })
export class ReplicationSchedule {
  /** The row that schedule_id of a flow names. */
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
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
  @Column({ type: 'enum', enum: scheduleTypes, default: 'cron' })
  schedule_type!: ScheduleType;

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
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
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
  /** The row that target_id of a flow names. */
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
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
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
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
  /** The row that target_id of a flow names. */
  @PrimaryColumn({ type: 'varchar', length: 64, default: () => 'uuid()' })
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

  @ManyToOne(() => BackupRepository, { nullable: false, createForeignKeyConstraints: false })
  @JoinColumn({ name: 'primary_repository_id' })
  primary_repository!: Relation<BackupRepository>;

  /** To read only. */
  @OneToMany(() => ProtectionFlow, (flow) => flow.policy, { persistence: false })
  flows!: Relation<ProtectionFlow>[];
}
