import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsBoolean,
  IsIn,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import {
  destinationTypes,
  flowTypes,
  targetTypes,
  type DestinationType,
  type FlowType,
  type JsonObject,
  type FlowChanges,
  type TargetType,
} from '@sendense/protection-flows';

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

/** A new flow. Fields that are left out are null, and `enabled` is true. */
export class CreateFlowDto implements FlowChanges {
  @ApiProperty({ example: 'Nightly web servers', maxLength: 255, description: 'Unique, ignoring case' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  name!: string;

  @ApiPropertyOptional({ type: String, nullable: true })
  @IsOptional()
  @IsString()
  description?: string | null;

  @ApiProperty({ enum: flowTypes })
  @IsIn(flowTypes)
  flow_type!: FlowType;

  @ApiProperty({ enum: targetTypes })
  @IsIn(targetTypes)
  target_type!: TargetType;

  @ApiProperty({ example: 'group-web', description: 'A VM’s context_id, or the id of a group' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  target_id!: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'repo-main',
    description: 'Required for a backup flow',
  })
  @ValidateIf((flow: CreateFlowDto, value) => flow.flow_type === 'backup' || isGiven(value))
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  repository_id?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'policy-30-days' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  policy_id?: string | null;

  @ApiPropertyOptional({
    enum: destinationTypes,
    nullable: true,
    description: 'Required for a replication flow',
  })
  @ValidateIf((flow: CreateFlowDto, value) => flow.flow_type === 'replication' || isGiven(value))
  @IsIn(destinationTypes)
  destination_type?: DestinationType | null;

  @ApiPropertyOptional({ type: Object, nullable: true })
  @IsOptional()
  @IsObject()
  destination_config?: JsonObject | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'every-minute' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  schedule_id?: string | null;

  @ApiPropertyOptional({ default: true })
  @ValidateIf((_flow, value) => value !== undefined)
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({ default: 'system', maxLength: 255 })
  @ValidateIf((_flow, value) => value !== undefined)
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  created_by?: string;
}
