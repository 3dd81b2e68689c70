import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsNotEmpty, IsString } from 'class-validator';
import type { BulkResult, ErrorCode } from '@sendense/protection-flows';

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

/** A flow for which it was not done, and why. */
export class BulkFaultResponse {
  @ApiProperty() readonly flow_id!: string;
  @ApiProperty({ type: String, example: 'FLOW_NOT_FOUND' }) readonly code!: ErrorCode;
  @ApiProperty() readonly message!: string;
}

/** What became of several flows. */
export class BulkResponse {
  @ApiProperty({ enum: ['enable', 'disable', 'delete'] }) readonly action!: BulkResult['action'];
  @ApiProperty({ description: 'Each id counts once' }) readonly requested!: number;
  @ApiProperty() readonly successful!: number;
  @ApiProperty() readonly failed!: number;
  @ApiProperty({ type: [BulkFaultResponse] }) readonly errors!: BulkFaultResponse[];
}

/** A bulk result as the API answers it: of the single results, those that failed. */
export function bulkResponse({ results, ...counts }: BulkResult): BulkResponse {
  const errors = results.flatMap(({ id, error }) =>
    error === undefined ? [] : [{ flow_id: id, code: error.code, message: error.message }],
  );
  return { ...counts, errors };
}
