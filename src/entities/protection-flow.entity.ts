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
 * `chk_flows_type`). Its name is unique, whatever the case. Its repository can't be deleted while the flow refers to it;
 * its schedule and policy can, and the reference then becomes null.
 *
 * Written by the hub's API (the configuration) and by its scheduler (the last and next execution, the totals). Change a
 * reference through its column, with the relation not loaded: for a loaded relation, TypeORM's `save()` writes the
 * relation and ignores the changed column.
 */
@Entity({ name: 'protection_flows', engine: 'InnoDB', synchronize: false })
// One flow per name, whatever its case; the list of flows by name
@Unique('uq_flows_name', ['name'])
// For fk_flows_repository: which flows keep a repository from being deleted
@Index('idx_repository', ['repository_id'])
// For fk_flows_policy: which flows lose their policy when it is deleted
@Index('idx_policy', ['policy_id'])
// The list of flows by their last execution
@Index('idx_last_execution', ['last_execution_time'])
// Which flows are due, the longest overdue first: claims, metrics, and the list by next execution
@Index('idx_flows_due', ['enabled', 'next_execution_time'])
// The list of flows, newest first, a page at a time
@Index('idx_flows_created', ['created_at'])
// The same list for one flow_type
@Index('idx_flows_type_created', ['flow_type', 'created_at'])
// The same list for enabled flows, or for disabled flows
@Index('idx_flows_enabled_created', ['enabled', 'created_at'])
// The same list for one schedule; for fk_flows_schedule, which flows lose their schedule when it is deleted
@Index('idx_flows_schedule_created', ['schedule_id', 'created_at'])
// The same list for one target: the flows that protect a VM or a group
@Index('idx_flows_target_created', ['target_type', 'target_id', 'created_at'])
export class ProtectionFlow {
  /** A UUIDv7, assigned at the insert if the caller gives none. */
  @PrimaryColumn(idColumn)
  @Id()
  id!: string;

  /** The flow's name. Unique as the server compares names: it ignores case, accents and blanks at the end, and takes all emoji as equal. */
  @Column({ type: 'varchar', length: 255 })
  @Required()
  @Text({ max: 255 })
  name!: string;

  /** What the flow is for, in free text. Null: no description. */
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

  /** The VM or the group. By target_type it is `vm_replication_contexts.context_id` or `vm_machine_groups.id`, so it has no foreign key. */
  @Column({ type: 'varchar', length: 64 })
  @Required()
  @Reference()
  target_id!: string;

  /** The repository in which a backup flow keeps its backups. Null: a replication flow. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  repository_id!: string | null;

  /** The policy that says how long backups are kept. Null: no policy, or the policy was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  policy_id!: string | null;

  /** The platform to which a replication flow replicates. Null: a backup flow. */
  @Column({ type: 'enum', enum: words.destinationTypes, nullable: true })
  @Nullable()
  @OneOf(words.destinationTypes)
  destination_type!: words.DestinationType | null;

  /** Settings of the destination, in the destination's own form. Null: none. */
  @Column({ type: 'json', nullable: true })
  @Nullable()
  @JsonRecord()
  destination_config!: JsonObject | null;

  /** The schedule by which the flow runs. Null: it runs only when a person or the API starts it, or its schedule was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  schedule_id!: string | null;

  /** Whether the flow runs by its schedule. False: the scheduler ignores the flow. */
  @Column({ type: 'boolean', default: true })
  @Flag()
  enabled!: boolean;

  /** The execution that the next two columns describe; prune may have removed it. Null: the flow never ran. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  last_execution_id!: string | null;

  /** The status of that execution. `pending` until the first run. */
  @Column({ type: 'enum', enum: words.flowStatuses, default: 'pending' })
  @OneOf(words.flowStatuses)
  last_execution_status!: words.FlowStatus;

  /** When that execution began; after its end, when it ended. Null: the flow never ran. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  last_execution_time!: Date | null;

  /** When the flow is due, computed from its schedule's expression and time zone. Null: it is never due, or the scheduler has yet to compute the time. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  next_execution_time!: Date | null;

  /** How many runs began, including pruned runs. */
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

  /** Who created the flow, as given by the caller. */
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

  /** For reading only: saving a flow never touches its executions. */
  @OneToMany(() => ProtectionFlowExecution, (execution) => execution.flow, { persistence: false })
  executions!: Relation<ProtectionFlowExecution>[];
}

/** The relations of a flow. A flow has them only if TypeORM was asked to load them; the repositories never load them. */
export const flowRelations = ['repository', 'policy', 'schedule', 'executions'] as const;

/** A stored flow: its columns, without relations. */
export type FlowRow = Omit<ProtectionFlow, (typeof flowRelations)[number]>;
