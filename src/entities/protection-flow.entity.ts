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
import {
  destinationTypes,
  flowStatuses,
  flowTypes,
  targetTypes,
  type DestinationType,
  type FlowStatus,
  type FlowType,
  type JsonObject,
  type TargetType,
} from '../domain';
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
@Unique('uq_flows_name', ['name'])
@Index('idx_repository', ['repository_id'])
@Index('idx_policy', ['policy_id'])
@Index('idx_last_execution', ['last_execution_time'])
@Index('idx_flows_due', ['enabled', 'next_execution_time'])
@Index('idx_flows_created', ['created_at'])
@Index('idx_flows_type_created', ['flow_type', 'created_at'])
@Index('idx_flows_enabled_created', ['enabled', 'created_at'])
@Index('idx_flows_schedule_created', ['schedule_id', 'created_at'])
@Index('idx_flows_target_created', ['target_type', 'target_id', 'created_at'])
export class ProtectionFlow {
  /** A UUIDv7, assigned at the insert where the caller brings none. */
  @PrimaryColumn(idColumn)
  @Id()
  id!: string;

  /** Unique as the server compares it: case, accents and blanks at the end do not count, and any two emoji are the same. */
  @Column({ type: 'varchar', length: 255 })
  @Required()
  @Text({ max: 255 })
  name!: string;

  /** Null: nobody described it. */
  @Column({ type: 'text', nullable: true })
  @Nullable()
  @LongText()
  description!: string | null;

  @Column({ type: 'enum', enum: flowTypes })
  @Required()
  @OneOf(flowTypes)
  flow_type!: FlowType;

  @Column({ type: 'enum', enum: targetTypes })
  @Required()
  @OneOf(targetTypes)
  target_type!: TargetType;

  /** `vm_replication_contexts.context_id` or `vm_machine_groups.id`, as target_type says; therefore no foreign key. */
  @Column({ type: 'varchar', length: 64 })
  @Required()
  @Reference()
  target_id!: string;

  /** Where a backup flow keeps its backups. Null: a replication flow. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  repository_id!: string | null;

  /** Null: no policy, or it was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  policy_id!: string | null;

  /** Where a replication flow replicates to. Null: a backup flow. */
  @Column({ type: 'enum', enum: destinationTypes, nullable: true })
  @Nullable()
  @OneOf(destinationTypes)
  destination_type!: DestinationType | null;

  /** Settings of the destination, in its own terms. Null: none. */
  @Column({ type: 'json', nullable: true })
  @Nullable()
  @JsonRecord()
  destination_config!: JsonObject | null;

  /** Null: runs only when it is started by hand or through the API, or its schedule was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  schedule_id!: string | null;

  /** False: the scheduler passes it over. */
  @Column({ type: 'boolean', default: true })
  @Flag()
  enabled!: boolean;

  /** The execution that the next three describe; it may have been pruned since. Null: never ran. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  last_execution_id!: string | null;

  /** `pending` until the first run. */
  @Column({ type: 'enum', enum: flowStatuses, default: 'pending' })
  @OneOf(flowStatuses)
  last_execution_status!: FlowStatus;

  /** Null: never ran. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  last_execution_time!: Date | null;

  /** Null: not due at any time, for want of a schedule. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  next_execution_time!: Date | null;

  @Column(counterColumn)
  @Count()
  total_executions!: number;

  @Column(counterColumn)
  @Count()
  successful_executions!: number;

  @Column(counterColumn)
  @Count()
  failed_executions!: number;

  @Column(createdAtColumn)
  @Instant()
  created_at!: Date;

  @Column(updatedAtColumn)
  @Instant()
  updated_at!: Date;

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
