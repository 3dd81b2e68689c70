import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { JsonObject } from '../domain';
import * as words from '../domain/words';
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
 * Guarantee: it belongs to an existing flow and is deleted with that flow; once `status` is terminal, the repositories of
 * this package never change it again.
 *
 * Written by the program that starts the run (scheduler or API), by the reporter of its jobs, and again when the run ends.
 * `idx_flow_executions` has started_at descending in the database; TypeORM can't express that and doesn't compare it.
 */
@Entity({ name: 'protection_flow_executions', engine: 'InnoDB', synchronize: false })
// The runs of a flow, newest first; for fk_executions_flow, the runs to delete with their flow
@Index('idx_executions_history', ['flow_id', 'created_at'])
// The platform's own index: the runs of a flow by their start, the latest first
@Index('idx_flow_executions', ['flow_id', 'started_at'])
// The runs under way, and the runs in the queue
@Index('idx_status', ['status'])
// Reports on a window of time; the executions of all flows by their start
@Index('idx_execution_time', ['started_at'])
// For fk_executions_schedule: which runs lose their firing when it is deleted
@Index('idx_schedule_execution', ['schedule_execution_id'])
// A flow's runs of one status, newest first: whether one is under way, the last success, the runs that prune removes
@Index('idx_executions_flow_status_created', ['flow_id', 'status', 'created_at'])
export class ProtectionFlowExecution {
  /** A UUIDv7, assigned at the insert if the caller gives none: later runs have greater ids. */
  @PrimaryColumn(idColumn)
  @Id()
  id!: string;

  /** The flow that ran. */
  @Column({ type: 'varchar', length: 64 })
  @Required()
  @Reference()
  flow_id!: string;

  /** `pending` waits in the queue, `running` has a worker; the other four are final. */
  @Column({ type: 'enum', enum: words.executionStatuses, default: 'pending' })
  @OneOf(words.executionStatuses)
  status!: words.ExecutionStatus;

  /** What started the run: the schedule, a person, or a program. */
  @Column({ type: 'enum', enum: words.executionTypes })
  @Required()
  @OneOf(words.executionTypes)
  execution_type!: words.ExecutionType;

  /** How many jobs the run started. */
  @Column(counterColumn)
  @Count()
  jobs_created!: number;

  /** How many of its jobs succeeded. */
  @Column(counterColumn)
  @Count()
  jobs_completed!: number;

  /** How many of its jobs failed. */
  @Column(counterColumn)
  @Count()
  jobs_failed!: number;

  /** How many of its jobs were cancelled. */
  @Column(counterColumn)
  @Count()
  jobs_skipped!: number;

  /** When the run began. Null: it has not begun. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  started_at!: Date | null;

  /** When the run ended. Null: it has not ended. */
  @Column(instantColumn)
  @Nullable()
  @Instant()
  completed_at!: Date | null;

  /** The seconds from started_at to completed_at. Null: it has not ended, or it never began. */
  @Column({ type: 'int', nullable: true })
  @Nullable()
  @Count()
  execution_time_seconds!: number | null;

  /** How many VMs the run has backed up or replicated. */
  @Column(counterColumn)
  @Count()
  vms_processed!: number;

  /** The bytes that the run's jobs have transferred. Exact up to Number.MAX_SAFE_INTEGER (8 PiB); reading or writing more throws a RangeError. */
  @Column({ type: 'bigint', default: 0, transformer: exactNumber('bytes_transferred') })
  @ByteCount()
  bytes_transferred!: number;

  /** What went wrong, for people. Null: nothing went wrong. */
  @Column({ type: 'text', nullable: true })
  @Nullable()
  @LongText()
  error_message!: string | null;

  /** Facts about the run, in the form that their writer chose. Null: none. */
  @Column({ type: 'json', nullable: true })
  @Nullable()
  @JsonRecord()
  execution_metadata!: JsonObject | null;

  /** The backup jobs that this run started; 200 and more are normal. Null: no job was started yet; []: there was no job to start. */
  @Column({ type: 'json', nullable: true })
  @Nullable()
  @JobIds()
  created_job_ids!: string[] | null;

  /** The firing of the platform's schedule that started the run. Null: something else started the run, or the firing was deleted. */
  @Column(referenceColumn)
  @Nullable()
  @Reference()
  schedule_execution_id!: string | null;

  /** When the row was inserted, by the server's clock: the order of a flow's history. */
  @Column(createdAtColumn)
  @Instant()
  created_at!: Date;

  /** Who started the run: a user, a program, or the worker that claimed it. */
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

/** A stored execution: its columns, without relations. */
export type ExecutionRow = Omit<ProtectionFlowExecution, (typeof executionRelations)[number]>;
