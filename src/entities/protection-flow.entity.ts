import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  Unique,
  type Relation,
} from 'typeorm';
import type { JsonObject } from '../domain';
import * as words from '../domain/words';
import {
  counterColumn,
  createdAtColumn,
  idColumn,
  instantColumn,
  referenceColumn,
  updatedAtColumn,
} from './columns';
import { BackupPolicy, BackupRepository, ReplicationSchedule } from './platform.entities';
import { ProtectionFlowExecution } from './protection-flow-execution.entity';
import {
  Count,
  Flag,
  Id,
  Instant,
  JsonRecord,
  LongText,
  Nullable,
  OneOf,
  Reference,
  Required,
  Text,
} from './rules';

/**
 * A protection flow: what to protect, where to, under which policy and on which schedule.
 *
 * Guarantee: a stored backup flow has a repository, a stored replication flow has a destination (CHECK
 * `chk_flows_type`); its name is unique whatever its case; its repository can't be deleted while it is in use, its
 * schedule and policy can, and become null.
 *
 * Written by the hub's API (what is configured) and by its scheduler (the last and next execution, the totals). Change a
 * reference through its column: where a relation is loaded as well, TypeORM's `save()` reads the relation and
 * leaves the changed column unwritten.
 */
@Entity({ name: 'protection_flows', engine: 'InnoDB', synchronize: false })
// One flow a name, whatever its case; the list of flows by name
@Unique('uq_flows_name', ['name'])
// Of fk_flows_repository: which flows keep a repository from being deleted
@Index('idx_repository', ['repository_id'])
// Of fk_flows_policy: which flows lose their policy when it is deleted
@Index('idx_policy', ['policy_id'])
// The list of flows by their last execution
@Index('idx_last_execution', ['last_execution_time'])
// Which flows are due, the longest overdue first: claims, metrics, and the list by next execution
@Index('idx_flows_due', ['enabled', 'next_execution_time'])
// The list of flows, newest first, a page at a time
@Index('idx_flows_created', ['created_at'])
// That list of one flow_type
@Index('idx_flows_type_created', ['flow_type', 'created_at'])
// That list of the enabled flows, or of the others
@Index('idx_flows_enabled_created', ['enabled', 'created_at'])
// That list of one schedule; and of fk_flows_schedule: which flows lose their schedule when it is deleted
@Index('idx_flows_schedule_created', ['schedule_id', 'created_at'])
// That list of one target: the flows that protect a VM or a group
@Index('idx_flows_target_created', ['target_type', 'target_id', 'created_at'])
export class ProtectionFlow {
  /** A UUIDv7, assigned at the insert where the caller brings none. */
  @PrimaryColumn(idColumn)
  @Id()
  id!: string;

  /** What the flow is called. Unique as the server compares it: case, accents and blanks at the end do not count, and any two emoji are the same. */
  @Column({ type: 'varchar', length: 255 })
  @Required()
  @Text({ max: 255 })
  name!: string;

  /** What the flow is for, in the words of people. Null: nobody described it. */
  @Column({ type: 'text', nullable: true })
  @Nullable()
  @LongText()
  description!: string | null;

  /** What the flow does: `backup` into a repository, or `replication` to a destination. */
  @Column({ type: 'enum', enum: words.flowTypes })
  @Required()
  @OneOf(words.flowTypes)
  flow_type!: words.FlowType;

  /** What the flow protects: one VM, or a group of VMs. */
  @Column({ type: 'enum', enum: words.targetTypes })
  @Required()
  @OneOf(words.targetTypes)
  target_type!: words.TargetType;

  /** The VM or the group: `vm_replication_contexts.context_id` or `vm_machine_groups.id`, as target_type says; therefore no foreign key. */
  @Column({ type: 'varchar', length: 64 })
  @Required()
  @Reference()
  target_id!: string;

  /** Where a backup flow keeps its backups. Null: a replication flow. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  repository_id!: string | null;

  /** How long the flow's backups are kept. Null: no policy, or it was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  policy_id!: string | null;

  /** Where a replication flow replicates to. Null: a backup flow. */
  @Column({ type: 'enum', enum: words.destinationTypes, nullable: true })
  @Nullable()
  @OneOf(words.destinationTypes)
  destination_type!: words.DestinationType | null;

  /** Settings of the destination, in its own terms. Null: none. */
  @Column({ type: 'json', nullable: true })
  @Nullable()
  @JsonRecord()
  destination_config!: JsonObject | null;

  /** When the flow runs. Null: only when it is started by hand or through the API, or its schedule was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  schedule_id!: string | null;

  /** Whether its schedule counts. False: the scheduler passes it over. */
  @Column({ type: 'boolean', default: true })
  @Flag()
  enabled!: boolean;

  /** The execution that the next two columns describe; it may have been pruned since. Null: never ran. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  last_execution_id!: string | null;

  /** The status of that execution. `pending` until the first run. */
  @Column({ type: 'enum', enum: words.flowStatuses, default: 'pending' })
  @OneOf(words.flowStatuses)
  last_execution_status!: words.FlowStatus;

  /** When that execution began, and once it is over, when it ended. Null: never ran. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  last_execution_time!: Date | null;

  /** When the flow is due, computed from its schedule's expression and time zone. Null: at no time, for want of a schedule. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  next_execution_time!: Date | null;

  /** How many runs began, pruned ones included. */
  @Column(counterColumn)
  @Count()
  total_executions!: number;

  /** How many of them ended with `success`. */
  @Column(counterColumn)
  @Count()
  successful_executions!: number;

  /** How many of them ended with `error`. */
  @Column(counterColumn)
  @Count()
  failed_executions!: number;

  /** When the flow was created, by the server's clock. */
  @Column(createdAtColumn)
  @Instant()
  created_at!: Date;

  /** When the row last changed, by the server's clock. */
  @Column(updatedAtColumn)
  @Instant()
  updated_at!: Date;

  /** Who created the flow, as the caller said. */
  @Column({ type: 'varchar', length: 255, default: 'system' })
  @Text({ max: 255 })
  created_by!: string;

  @ManyToOne(() => BackupRepository, (repository) => repository.flows, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'repository_id', foreignKeyConstraintName: 'fk_flows_repository' })
  repository!: Relation<BackupRepository> | null;

  @ManyToOne(() => BackupPolicy, (policy) => policy.flows, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'policy_id', foreignKeyConstraintName: 'fk_flows_policy' })
  policy!: Relation<BackupPolicy> | null;

  @ManyToOne(() => ReplicationSchedule, (schedule) => schedule.flows, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'schedule_id', foreignKeyConstraintName: 'fk_flows_schedule' })
  schedule!: Relation<ReplicationSchedule> | null;

  /** To read only: saving a flow never touches its executions. */
  @OneToMany(() => ProtectionFlowExecution, (execution) => execution.flow, { persistence: false })
  executions!: Relation<ProtectionFlowExecution>[];
}

/** The relations of a flow: there where TypeORM was asked to load them, and never in what the repositories give. */
export const flowRelations = ['repository', 'policy', 'schedule', 'executions'] as const;

/** A flow as it is stored: its columns, without relations. */
export type FlowRow = Omit<ProtectionFlow, (typeof flowRelations)[number]>;
