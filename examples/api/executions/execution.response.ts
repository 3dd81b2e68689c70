import { ApiProperty } from '@nestjs/swagger';
import {
  executionStatuses,
  executionTypes,
  type ExecutionStatus,
  type ExecutionType,
  type JsonObject,
  type ExecutionRow,
} from '@sendense/protection-flows';

const nullableText = { type: String, nullable: true } as const;
const nullableDate = { type: Date, nullable: true } as const;

/** One run of a flow, as it is stored. */
export class ExecutionResponse implements ExecutionRow {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly flow_id!: string;
  @ApiProperty({ enum: executionStatuses }) readonly status!: ExecutionStatus;
  @ApiProperty({ enum: executionTypes }) readonly execution_type!: ExecutionType;
  @ApiProperty() readonly jobs_created!: number;
  @ApiProperty() readonly jobs_completed!: number;
  @ApiProperty() readonly jobs_failed!: number;
  @ApiProperty() readonly jobs_skipped!: number;
  @ApiProperty(nullableDate) readonly started_at!: Date | null;
  @ApiProperty(nullableDate) readonly completed_at!: Date | null;
  @ApiProperty({ type: Number, nullable: true }) readonly execution_time_seconds!: number | null;
  @ApiProperty() readonly vms_processed!: number;
  @ApiProperty() readonly bytes_transferred!: number;
  @ApiProperty(nullableText) readonly error_message!: string | null;
  @ApiProperty({ type: Object, nullable: true }) readonly execution_metadata!: JsonObject | null;
  @ApiProperty({ type: [String], nullable: true }) readonly created_job_ids!: string[] | null;
  @ApiProperty(nullableText) readonly schedule_execution_id!: string | null;
  @ApiProperty() readonly created_at!: Date;
  @ApiProperty() readonly triggered_by!: string;
}

/** A part of a list of executions, newest first. */
export class ExecutionPageResponse {
  @ApiProperty({ type: [ExecutionResponse] }) readonly executions!: ExecutionResponse[];
  @ApiProperty({ ...nullableText, description: '`after` for the next page; null: this was the last' })
  readonly next!: string | null;
  @ApiProperty({ required: false, description: 'With `total=true`: how many there are in all' })
  readonly total?: number;
}

/** The newest execution of each of several flows; a flow that never ran has none. */
export class LatestResponse {
  @ApiProperty({ type: [ExecutionResponse] }) readonly executions!: ExecutionResponse[];
}
