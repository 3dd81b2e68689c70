import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { scheduleExecutionStatuses, type ScheduleExecutionStatus } from '../../domain';
import { ProtectionFlowExecution } from '../protection-flow-execution.entity';
import { ReplicationSchedule } from './replication-schedule.entity';

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
