import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import {
  executionStatuses,
  executionTypes,
  type ExecutionStatus,
  type ExecutionType,
  type JsonObject,
} from '../domain';
import {
  counterColumn,
  createdAtColumn,
  exactNumber,
  idColumn,
  instantColumn,
  referenceColumn,
} from './columns';
import { ScheduleExecution } from './platform.entities';
import { ProtectionFlow } from './protection-flow.entity';
import {
  ByteCount,
  Count,
  Id,
  Instant,
  JobIds,
  JsonRecord,
  LongText,
  Nullable,
  OneOf,
  Reference,
  Required,
  Text,
} from './rules';

/**
 * One run of a protection flow.
 *
 * Guarantee: it belongs to a flow that exists and is deleted with it; once `status` is terminal, the repositories of
 * this package never change it again.
 *
 * Written by whoever starts the run (scheduler or API), by the reporter of its jobs, and once more at its completion.
 * `idx_flow_executions` has started_at descending in the database, which TypeORM can't express and doesn't compare.
 */
@Entity({ name: 'protection_flow_executions', engine: 'InnoDB', synchronize: false })
@Index('idx_executions_history', ['flow_id', 'created_at'])
@Index('idx_flow_executions', ['flow_id', 'started_at'])
@Index('idx_status', ['status'])
@Index('idx_execution_time', ['started_at'])
@Index('idx_schedule_execution', ['schedule_execution_id'])
@Index('idx_executions_flow_status_created', ['flow_id', 'status', 'created_at'])
export class ProtectionFlowExecution {
  /** A UUIDv7, assigned at the insert where the caller brings none: later runs have greater ids. */
  @PrimaryColumn(idColumn)
  @Id()
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  @Required()
  @Reference()
  flow_id!: string;

  @Column({ type: 'enum', enum: executionStatuses, default: 'pending' })
  @OneOf(executionStatuses)
  status!: ExecutionStatus;

  @Column({ type: 'enum', enum: executionTypes })
  @Required()
  @OneOf(executionTypes)
  execution_type!: ExecutionType;

  @Column(counterColumn)
  @Count()
  jobs_created!: number;

  @Column(counterColumn)
  @Count()
  jobs_completed!: number;

  @Column(counterColumn)
  @Count()
  jobs_failed!: number;

  @Column(counterColumn)
  @Count()
  jobs_skipped!: number;

  /** Null: not running yet. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  started_at!: Date | null;

  /** Null: not over yet. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  completed_at!: Date | null;

  /** Null: not over yet, or it never ran. */
  @Column({ type: 'int', nullable: true })
  @Nullable()
  @Count()
  execution_time_seconds!: number | null;

  @Column(counterColumn)
  @Count()
  vms_processed!: number;

  /** Exact up to Number.MAX_SAFE_INTEGER (8 PiB); reading or writing more throws a RangeError. */
  @Column({ type: 'bigint', default: 0, transformer: exactNumber('bytes_transferred') })
  @ByteCount()
  bytes_transferred!: number;

  /** What went wrong, for people. Null: nothing did. */
  @Column({ type: 'text', nullable: true })
  @Nullable()
  @LongText()
  error_message!: string | null;

  /** Facts about the run, in the words of whoever wrote them. Null: none. */
  @Column({ type: 'json', nullable: true })
  @Nullable()
  @JsonRecord()
  execution_metadata!: JsonObject | null;

  /** The backup jobs that this run started; 200 and more are normal. Null: none were started yet; []: there were none to start. */
  @Column({ type: 'json', nullable: true })
  @Nullable()
  @JobIds()
  created_job_ids!: string[] | null;

  /** The firing of the platform's schedule that started the run. Null: started otherwise, or it was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  schedule_execution_id!: string | null;

  @Column(createdAtColumn)
  @Instant()
  created_at!: Date;

  @Column({ type: 'varchar', length: 255, default: 'system' })
  @Text({ max: 255 })
  triggered_by!: string;

  @ManyToOne(() => ProtectionFlow, (flow) => flow.executions, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'flow_id', foreignKeyConstraintName: 'fk_executions_flow' })
  flow!: Relation<ProtectionFlow>;

  @ManyToOne(() => ScheduleExecution, (scheduleExecution) => scheduleExecution.flow_executions, {
    onDelete: 'SET NULL',
  })
  @JoinColumn({ name: 'schedule_execution_id', foreignKeyConstraintName: 'fk_executions_schedule' })
  schedule_execution!: Relation<ScheduleExecution> | null;
}

/** The relations of an execution; see {@link flowRelations}. */
export const executionRelations = ['flow', 'schedule_execution'] as const;

/** An execution as it is stored: its columns, without relations. */
export type ExecutionRow = Omit<ProtectionFlowExecution, (typeof executionRelations)[number]>;
