import { ApiProperty } from '@nestjs/swagger';
import {
  destinationTypes,
  flowStatuses,
  flowTypes,
  targetTypes,
  type DestinationType,
  type FlowStatus,
  type FlowType,
  type FlowView,
  type JsonObject,
  type Page,
  type TargetType,
} from '@sendense/protection-flows';

const nullableText = { type: String, nullable: true } as const;
const nullableDate = { type: Date, nullable: true } as const;

/** How a flow's runs went, and when it runs next. */
export class FlowStatusResponse {
  @ApiProperty(nullableText) readonly last_execution_id!: string | null;
  @ApiProperty({ enum: flowStatuses, description: '`pending` until the first run' })
  readonly last_execution_status!: FlowStatus;
  @ApiProperty(nullableDate) readonly last_execution_time!: Date | null;
  @ApiProperty(nullableDate) readonly next_execution_time!: Date | null;
  @ApiProperty() readonly total_executions!: number;
  @ApiProperty() readonly successful_executions!: number;
  @ApiProperty() readonly failed_executions!: number;
}

/** A flow with the names of what it refers to. */
export class FlowResponse {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty(nullableText) readonly description!: string | null;
  @ApiProperty({ enum: flowTypes }) readonly flow_type!: FlowType;
  @ApiProperty({ enum: targetTypes }) readonly target_type!: TargetType;
  @ApiProperty() readonly target_id!: string;
  @ApiProperty(nullableText) readonly target_name!: string | null;
  @ApiProperty(nullableText) readonly repository_id!: string | null;
  @ApiProperty(nullableText) readonly repository_name!: string | null;
  @ApiProperty(nullableText) readonly policy_id!: string | null;
  @ApiProperty(nullableText) readonly policy_name!: string | null;
  @ApiProperty(nullableText) readonly schedule_id!: string | null;
  @ApiProperty(nullableText) readonly schedule_name!: string | null;
  @ApiProperty(nullableText) readonly schedule_cron!: string | null;
  @ApiProperty({ enum: destinationTypes, nullable: true }) readonly destination_type!: DestinationType | null;
  @ApiProperty({ type: Object, nullable: true }) readonly destination_config!: JsonObject | null;
  @ApiProperty() readonly enabled!: boolean;
  @ApiProperty() readonly created_at!: Date;
  @ApiProperty() readonly updated_at!: Date;
  @ApiProperty() readonly created_by!: string;
  @ApiProperty() readonly status!: FlowStatusResponse;
}

/** A part of the list of flows, newest first. */
export class FlowPageResponse {
  @ApiProperty({ type: [FlowResponse] }) readonly flows!: FlowResponse[];
  @ApiProperty({ ...nullableText, description: '`after` for the next page; null: this was the last' })
  readonly next!: string | null;
  @ApiProperty({ required: false, description: 'With `total=true`: how many flows there are in all' })
  readonly total?: number;
}

/** A flow as the API answers it: what the runs have written stands apart from what was configured. */
export function flowResponse(flow: FlowView): FlowResponse {
  const { last_execution_id, last_execution_status, last_execution_time, next_execution_time, ...rest } =
    flow;
  const { total_executions, successful_executions, failed_executions, ...configured } = rest;
  const totals = { total_executions, successful_executions, failed_executions };
  const last = { last_execution_id, last_execution_status, last_execution_time };
  return { ...configured, status: { ...last, next_execution_time, ...totals } };
}

/** A page of flows as the API answers it. */
export function flowPageResponse({ items, ...rest }: Page<FlowView>): FlowPageResponse {
  return { flows: items.map(flowResponse), ...rest };
}
