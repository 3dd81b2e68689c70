import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { ErrorCode } from '@sendense/protection-flows';
import type { ProtectionFlowsErrorBody } from '@sendense/protection-flows/nestjs';

/** The answer of ProtectionFlowsExceptionFilter. */
export class FaultResponse implements ProtectionFlowsErrorBody {
  @ApiProperty({ example: 400 })
  readonly statusCode!: number;

  @ApiProperty({ type: String, description: 'Match on this', example: 'VALIDATION_FAILED' })
  readonly code!: ErrorCode;

  @ApiProperty()
  readonly message!: string;

  @ApiProperty({ required: false, description: 'What to do about it' })
  readonly remedy?: string;

  @ApiProperty({
    type: Object,
    description: 'For VALIDATION_FAILED: `fields`, each wrong field with its rules',
  })
  readonly details!: Readonly<Record<string, unknown>>;
}

const descriptions = {
  400: 'Something in the request is wrong; every wrong field is named',
  404: 'There is no such flow or execution',
  409: 'The request contradicts what is there now',
  503: 'The database cannot be reached at the moment',
} as const;

/** Documents the errors of an endpoint; every endpoint has 503. */
export function ApiFaults(...statuses: readonly (keyof typeof descriptions)[]): MethodDecorator {
  return applyDecorators(
    ...[...statuses, 503 as const].map((status) =>
      ApiResponse({ status, description: descriptions[status], type: FaultResponse }),
    ),
  );
}
