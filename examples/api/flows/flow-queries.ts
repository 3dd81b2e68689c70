import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsTimeZone,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import {
  flowStatuses,
  flowTypes,
  targetTypes,
  type FlowSort,
  type FlowStatus,
  type FlowType,
  type TargetType,
} from '@sendense/protection-flows';
import { ToBoolean } from '../to-boolean';

const sorts = [
  'created_at',
  'name',
  'last_execution_time',
  'next_execution_time',
] as const satisfies readonly FlowSort[];
const orders = ['asc', 'desc'] as const;

/** Which flows, and which part of their list. */
export class ListFlowsQuery {
  @ApiPropertyOptional({ enum: flowTypes })
  @IsOptional()
  @IsIn(flowTypes)
  flow_type?: FlowType;

  @ApiPropertyOptional({ enum: targetTypes })
  @IsOptional()
  @IsIn(targetTypes)
  target_type?: TargetType;

  @ApiPropertyOptional()
  @IsOptional()
  @ToBoolean()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  schedule_id?: string;

  @ApiPropertyOptional({ description: 'A part of the name, whatever its case' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  name_contains?: string;

  @ApiPropertyOptional({ enum: flowStatuses })
  @IsOptional()
  @IsIn(flowStatuses)
  last_execution_status?: FlowStatus;

  @ApiPropertyOptional({
    enum: sorts,
    default: 'created_at',
    description: 'Flows without such a time come last',
  })
  @IsOptional()
  @IsIn(sorts)
  sort?: FlowSort;

  @ApiPropertyOptional({
    enum: orders,
    description: 'Default: names and next times ascending, others descending',
  })
  @IsOptional()
  @IsIn(orders)
  order?: (typeof orders)[number];

  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  @ApiPropertyOptional({ description: '`next` of the page before' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  after?: string;

  @ApiPropertyOptional({ default: false, description: 'Counts all flows of the filter too' })
  @IsOptional()
  @ToBoolean()
  @IsBoolean()
  total?: boolean;
}

/** Where "today" is. */
export class SummaryQuery {
  @ApiPropertyOptional({
    default: 'UTC',
    example: 'Europe/Berlin',
    description: 'Today begins at midnight there',
  })
  @IsOptional()
  @IsTimeZone()
  time_zone?: string;
}
