import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, IsTimeZone } from 'class-validator';
import type { ReportBy, ReportRow } from '@sendense/protection-flows';
import { ExecutionResponse } from '../executions/execution.response';
import { SummaryResponse } from '../flows/summary.response';
import { present } from '../present';

const kinds = ['day', 'week', 'month', 'flow'] as const satisfies readonly ReportBy[];
const formats = ['json', 'csv'] as const;

/** The runs of a report: those that began in a window of at most 400 days. */
export class ReportQuery {
  @ApiProperty({ type: Date, example: '2026-03-01T00:00:00Z' })
  @Type(() => Date)
  @IsDate()
  from!: Date;

  @ApiProperty({ type: Date, example: '2026-04-01T00:00:00Z' })
  @Type(() => Date)
  @IsDate()
  to!: Date;

  @ApiPropertyOptional({ enum: kinds, default: 'day' })
  @IsOptional()
  @IsIn(kinds)
  by?: ReportBy;

  @ApiPropertyOptional({ default: 'UTC', example: 'Europe/Berlin' })
  @IsOptional()
  @IsTimeZone()
  time_zone?: string;

  @ApiPropertyOptional({ enum: formats, default: 'json' })
  @IsOptional()
  @IsIn(formats)
  format?: (typeof formats)[number];
}

const number = { type: Number, required: false } as const;

/** The runs of one day, week, month or flow. */
export class ReportRowResponse {
  @ApiProperty({ description: 'The first day of the period, or the flow’s id' }) readonly key!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty() readonly from!: Date;
  @ApiProperty() readonly to!: Date;
  @ApiProperty() readonly runs!: number;
  @ApiProperty() readonly successful!: number;
  @ApiProperty() readonly warning!: number;
  @ApiProperty() readonly failed!: number;
  @ApiProperty() readonly cancelled!: number;
  @ApiProperty({ ...number, description: '0 to 1; left out if no run has ended' })
  readonly success_rate?: number;
  @ApiProperty(number) readonly average_seconds?: number;
  @ApiProperty(number) readonly median_seconds?: number;
  @ApiProperty(number) readonly p95_seconds?: number;
  @ApiProperty() readonly bytes_transferred!: number;
}

/** A report. */
export class ReportResponse {
  @ApiProperty({ type: [ReportRowResponse] }) readonly rows!: ReportRowResponse[];
}

/** The current state of all flows. */
export class DashboardResponse {
  @ApiProperty() readonly summary!: SummaryResponse;
  @ApiProperty({ description: 'Runs under way' }) readonly executions_running!: number;
  @ApiProperty({ description: 'Their jobs that have not ended' }) readonly jobs_running!: number;
  @ApiProperty({ type: [ReportRowResponse], description: 'The last seven days' })
  readonly days!: ReportRowResponse[];
  @ApiProperty({ type: [ExecutionResponse], description: 'The ten runs that began last' })
  readonly recent_activity!: ExecutionResponse[];
}

/** A report as the API answers it. */
export function reportResponse(rows: readonly ReportRow[]): ReportResponse {
  return {
    rows: rows.map(({ successRate, averageSeconds, medianSeconds, p95Seconds, bytesTransferred, ...row }) =>
      present({
        ...row,
        success_rate: successRate,
        average_seconds: averageSeconds,
        median_seconds: medianSeconds,
        p95_seconds: p95Seconds,
        bytes_transferred: bytesTransferred,
      }),
    ),
  };
}
