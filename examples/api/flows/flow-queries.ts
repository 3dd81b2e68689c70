import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsTimeZone,
  Max,
  Min,
} from 'class-validator';
import { flowTypes, targetTypes, type FlowType, type TargetType } from '@sendense/protection-flows';

const words: Readonly<Record<string, boolean>> = { true: true, false: false };

/** `true` and `false` of a query string; anything else is left for the rule to refuse. */
const ToBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => words[String(value)] ?? value);

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
