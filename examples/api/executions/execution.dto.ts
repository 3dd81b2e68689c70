import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import type { ExecutionType } from '@sendense/protection-flows';

const requestedTypes = ['api', 'manual'] as const satisfies readonly ExecutionType[];

/** Who wants a run; all of it may be left out, and the body too. */
export class ExecuteFlowDto {
  @ApiPropertyOptional({
    enum: requestedTypes,
    default: 'api',
    description: '`manual`: a person asked for it',
  })
  @IsOptional()
  @IsIn(requestedTypes)
  execution_type?: (typeof requestedTypes)[number];

  @ApiPropertyOptional({ default: 'api', maxLength: 255 })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  triggered_by?: string;
}

/** Why a run is cancelled. */
export class CancelExecutionDto {
  @ApiPropertyOptional({ maxLength: 1_000, description: 'Kept as the execution’s error_message' })
  @IsOptional()
  @IsString()
  @MaxLength(1_000)
  reason?: string;
}

/** Which part of a flow's executions. */
export class HistoryQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 10 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  @ApiPropertyOptional({ description: '`next` of the page before' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  after?: string;
}

/** `a,b` and `flow_ids=a&flow_ids=b` alike. */
const ToList = (): PropertyDecorator =>
  Transform(({ value }: { value: string | string[] }) =>
    [value].flat().flatMap((ids) => String(ids).split(',')),
  );

/** The flows on screen. No more than fit into a URL. */
export class LatestQuery {
  @ApiPropertyOptional({
    type: String,
    required: true,
    description: '1 to 200 ids, with commas between them',
  })
  @ToList()
  @ArrayNotEmpty()
  @ArrayMaxSize(200)
  @IsNotEmpty({ each: true })
  flow_ids!: string[];
}
