import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsDate,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import {
  executionStatuses,
  executionTypes,
  type ExecutionStatus,
  type ExecutionType,
} from '@sendense/protection-flows';
import { PageQuery } from '../page.query';

const requestedTypes = ['api', 'manual'] as const satisfies readonly ExecutionType[];

/** Who wants a run. Every field is optional, and so is the body. */
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

  @ApiPropertyOptional({ minimum: 0, maximum: 100_000, default: 0, description: 'How many to skip' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(100_000)
  offset?: number;
}

/** Reads `a,b` and `flow_ids=a&flow_ids=b`; undefined if nothing is given. */
const ToList = (): PropertyDecorator =>
  Transform(({ value }: { value?: string | string[] }) =>
    value === undefined ? undefined : [value].flat().flatMap((one) => String(one).split(',')),
  );

/** Which executions of all flows, and which part of their list. */
export class ListExecutionsQuery extends PageQuery {
  @ApiPropertyOptional({
    type: String,
    description: 'One or several, with commas between them',
    example: 'error,warning',
  })
  @IsOptional()
  @ToList()
  @IsIn(executionStatuses, { each: true })
  status?: ExecutionStatus[];

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  flow_id?: string;

  @ApiPropertyOptional({ enum: executionTypes })
  @IsOptional()
  @IsIn(executionTypes)
  execution_type?: ExecutionType;

  @ApiPropertyOptional({ type: Date, description: 'Begun then or later' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  started_from?: Date;

  @ApiPropertyOptional({ type: Date, description: 'Begun before' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  started_before?: Date;
}

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
