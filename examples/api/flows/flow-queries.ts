import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsNotEmpty, IsOptional, IsString, IsTimeZone, MaxLength } from 'class-validator';
import {
  flowStatuses,
  flowTypes,
  targetTypes,
  type FlowSort,
  type FlowStatus,
  type FlowType,
  type TargetType,
} from '@sendense/protection-flows';
import { PageQuery } from '../page.query';
import { ToBoolean } from '../to-boolean';

const sorts = [
  'created_at',
  'name',
  'last_execution_time',
  'next_execution_time',
] as const satisfies readonly FlowSort[];
const orders = ['asc', 'desc'] as const;

/** Which flows, and which part of their list. */
export class ListFlowsQuery extends PageQuery {
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

  @ApiPropertyOptional({ description: 'A part of the name, ignoring case' })
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
    description: 'Flows without this time come last',
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
}

/** The time zone of "today". */
export class SummaryQuery {
  @ApiPropertyOptional({
    default: 'UTC',
    example: 'Europe/Berlin',
    description: 'Today begins at midnight in this zone',
  })
  @IsOptional()
  @IsTimeZone()
  time_zone?: string;
}
