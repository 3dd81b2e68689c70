import { Column, Entity, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { scheduleTypes, type ScheduleType } from '../../domain';
import { ProtectionFlow } from '../protection-flow.entity';
import { ScheduleExecution } from './schedule-execution.entity';

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
