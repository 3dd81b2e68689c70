import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsNotEmpty,
  IsOptional,
  IsString,
  MaxLength,
} from 'class-validator';
import type { BulkItem, BulkResult, ErrorCode } from '@sendense/protection-flows';

/** Several flows. */
export class BulkDto {
  @ApiProperty({ type: [String], minItems: 1, maxItems: 500 })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  flow_ids!: string[];
}

/** Several flows, and why their runs are cancelled. */
export class BulkCancelDto extends BulkDto {
  @ApiProperty({ required: false, maxLength: 1_000 })
  @IsOptional()
  @IsString()
  @MaxLength(1_000)
  reason?: string;
}

/** A flow that failed, and why. */
export class BulkFaultResponse {
  @ApiProperty() readonly flow_id!: string;
  @ApiProperty({ type: String, example: 'FLOW_NOT_FOUND' }) readonly code!: ErrorCode;
  @ApiProperty() readonly message!: string;
}

const textsById = { type: 'object', additionalProperties: { type: 'string' } } as const;

/** The result for several flows. Failures are given for people (as a map, and as the hub's lines) and for programs. */
export class BulkResponse {
  @ApiProperty({ enum: ['enable', 'disable', 'delete'] }) readonly action!: BulkResult['action'];
  @ApiProperty({ description: 'Each id counts once' }) readonly requested!: number;
  @ApiProperty() readonly successful!: number;
  @ApiProperty() readonly failed!: number;
  @ApiProperty({ ...textsById, description: 'Flow id → what is wrong' })
  readonly errors!: Readonly<Record<string, string>>;
  @ApiProperty({ type: [String] }) readonly error_messages!: string[];
  @ApiProperty({ type: [BulkFaultResponse] }) readonly failures!: BulkFaultResponse[];
}

/** The result for one flow. */
export class BulkRunResponse {
  @ApiProperty() readonly flow_id!: string;
  @ApiProperty() readonly success!: boolean;
  @ApiProperty({ required: false }) readonly execution_id?: string;
  @ApiProperty({ type: [String], required: false }) readonly execution_ids?: readonly string[];
  @ApiProperty({ type: String, required: false, example: 'FLOW_NOT_FOUND' }) readonly code?: ErrorCode;
  @ApiProperty({ required: false, description: 'For people' }) readonly error?: string;
}

/** The results for several flows, one for each. */
export class BulkRunsResponse {
  @ApiProperty({ type: [BulkRunResponse] }) readonly results!: BulkRunResponse[];
  @ApiProperty() readonly total!: number;
  @ApiProperty() readonly succeeded!: number;
  @ApiProperty() readonly failed!: number;
}

/** A bulk result as the API answers it: only the failed results in detail. */
export function bulkResponse({ results, ...counts }: BulkResult): BulkResponse {
  const failures = results.flatMap(({ id, error }) =>
    error === undefined ? [] : [{ flow_id: id, code: error.code, message: error.message }],
  );
  return {
    ...counts,
    errors: Object.fromEntries(failures.map(({ flow_id, message }) => [flow_id, message])),
    error_messages: failures.map(({ flow_id, message }) => `${flow_id}: ${message}`),
    failures,
  };
}

function runResponse({ id, ok, error, executionIds = [] }: BulkItem): BulkRunResponse {
  if (error !== undefined) return { flow_id: id, success: ok, code: error.code, error: error.message };
  const [execution_id] = executionIds;
  return { flow_id: id, success: ok, ...(execution_id && { execution_id }), execution_ids: executionIds };
}

/** The results for the runs of several flows. */
export function bulkRunsResponse({ results, requested, successful, failed }: BulkResult): BulkRunsResponse {
  return { results: results.map(runResponse), total: requested, succeeded: successful, failed };
}
