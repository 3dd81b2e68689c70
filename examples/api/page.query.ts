import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsString, Max, Min } from 'class-validator';
import { ToBoolean } from './to-boolean';

/** Which part of a list. */
export class PageQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: 500, description: 'Default: 50; for flows all' })
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

  @ApiPropertyOptional({ description: 'Also counts all rows that match the filter' })
  @IsOptional()
  @ToBoolean()
  @IsBoolean()
  total?: boolean;
}
