import { ApiProperty } from '@nestjs/swagger';
import {
  executionStatuses,
  executionTypes,
  type ExecutionRow,
  type ExecutionStatus,
  type ExecutionType,
  type JsonObject,
  type Page,
} from '@sendense/protection-flows';
import { present } from '../present';

const text = { type: String, required: false } as const;
const date = { type: Date, required: false } as const;

/** One run of a flow. Missing values are left out. */
export class ExecutionResponse {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly flow_id!: string;
  @ApiProperty({ enum: executionStatuses }) readonly status!: ExecutionStatus;
  @ApiProperty({ enum: executionTypes }) readonly execution_type!: ExecutionType;
  @ApiProperty() readonly jobs_created!: number;
  @ApiProperty() readonly jobs_completed!: number;
  @ApiProperty() readonly jobs_failed!: number;
  @ApiProperty() readonly jobs_skipped!: number;
  @ApiProperty({ description: 'For a queued run: since when it waits' })
  readonly started_at!: Date;
  @ApiProperty(date) readonly completed_at?: Date;
  @ApiProperty({ type: Number, required: false }) readonly execution_time_seconds?: number;
  @ApiProperty({ type: Number, required: false, description: 'The same, as the web page calls it' })
  readonly duration_seconds?: number;
  @ApiProperty() readonly vms_processed!: number;
  @ApiProperty() readonly bytes_transferred!: number;
  @ApiProperty(text) readonly error_message?: string;
  @ApiProperty({ type: Object, required: false }) readonly execution_metadata?: JsonObject;
  @ApiProperty({ type: [String], required: false }) readonly created_job_ids?: string[];
  @ApiProperty(text) readonly schedule_execution_id?: string;
  @ApiProperty() readonly created_at!: Date;
  @ApiProperty() readonly triggered_by!: string;
}

/** A queued run. */
export class QueuedResponse extends ExecutionResponse {
  @ApiProperty({ description: 'The id again, as the web page reads it' }) readonly execution_id!: string;
  @ApiProperty({ description: 'For people' }) readonly message!: string;
}

/** A part of a list of executions, newest first. */
export class ExecutionPageResponse {
  @ApiProperty({ type: [ExecutionResponse] }) readonly executions!: ExecutionResponse[];
  @ApiProperty({ ...text, description: '`after` of the next page; left out on the last page' })
  readonly next?: string;
  @ApiProperty({
    required: false,
    description: 'The number of all executions; for all flows only with `total=true`',
  })
  readonly total?: number;
}

/** The newest execution of each of several flows; a flow that never ran has none. */
export class LatestResponse {
  @ApiProperty({ type: [ExecutionResponse] }) readonly executions!: ExecutionResponse[];
}

/** A run as the API answers it. Pages show when it began, so a queued run has the time since when it waits. */
export function executionResponse(run: ExecutionRow): ExecutionResponse {
  const { started_at, execution_time_seconds: seconds, ...rest } = run;
  const isOver = run.completed_at !== null && seconds !== null;
  return {
    ...present(rest),
    started_at: started_at ?? run.created_at,
    ...(isOver && { execution_time_seconds: seconds, duration_seconds: seconds }),
  };
}

/** A page of runs as the API answers it. */
export function executionPageResponse({ items, ...rest }: Page<ExecutionRow>): ExecutionPageResponse {
  return { executions: items.map(executionResponse), ...present(rest) };
}
