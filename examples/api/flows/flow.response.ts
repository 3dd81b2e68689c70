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
import { present } from '../present';

const text = { type: String, required: false } as const;
const date = { type: Date, required: false } as const;

/** A flow's counters, last run and next time. */
export class FlowStatusResponse {
  @ApiProperty(text) readonly last_execution_id?: string;
  @ApiProperty({ enum: flowStatuses, description: '`pending` until the first run' })
  readonly last_execution_status!: FlowStatus;
  @ApiProperty(date) readonly last_execution_time?: Date;
  @ApiProperty(date) readonly next_execution_time?: Date;
  @ApiProperty() readonly total_executions!: number;
  @ApiProperty() readonly successful_executions!: number;
  @ApiProperty() readonly failed_executions!: number;
}

/** A flow with the names of what it refers to. */
export class FlowResponse {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty(text) readonly description?: string;
  @ApiProperty({ enum: flowTypes }) readonly flow_type!: FlowType;
  @ApiProperty({ enum: targetTypes }) readonly target_type!: TargetType;
  @ApiProperty() readonly target_id!: string;
  @ApiProperty(text) readonly target_name?: string;
  @ApiProperty(text) readonly repository_id?: string;
  @ApiProperty(text) readonly repository_name?: string;
  @ApiProperty(text) readonly policy_id?: string;
  @ApiProperty(text) readonly policy_name?: string;
  @ApiProperty(text) readonly schedule_id?: string;
  @ApiProperty(text) readonly schedule_name?: string;
  @ApiProperty(text) readonly schedule_cron?: string;
  @ApiProperty({ enum: destinationTypes, required: false }) readonly destination_type?: DestinationType;
  @ApiProperty({ type: Object, required: false }) readonly destination_config?: JsonObject;
  @ApiProperty() readonly enabled!: boolean;
  @ApiProperty() readonly created_at!: Date;
  @ApiProperty() readonly updated_at!: Date;
  @ApiProperty() readonly created_by!: string;
  @ApiProperty() readonly status!: FlowStatusResponse;
}

/** The list of flows, or a part of it; newest first. */
export class FlowPageResponse {
  @ApiProperty({ type: [FlowResponse] }) readonly flows!: FlowResponse[];
  @ApiProperty({ ...text, description: '`after` of the next page; left out on the last page' })
  readonly next?: string;
  @ApiProperty({
    required: false,
    description: 'The number of all flows; with a `limit` only with `total=true`',
  })
  readonly total?: number;
}

/** A flow as the API answers it: its `status` comes from the runs, everything else was configured. */
export function flowResponse(flow: FlowView): FlowResponse {
  const { last_execution_id, last_execution_status, last_execution_time, next_execution_time, ...rest } =
    flow;
  const { total_executions, successful_executions, failed_executions, ...configured } = rest;
  const totals = { total_executions, successful_executions, failed_executions };
  const last = { last_execution_id, last_execution_status, last_execution_time };
  return { ...present(configured), status: present({ ...last, next_execution_time, ...totals }) };
}

/** A page of flows as the API answers it. */
export function flowPageResponse({ items, ...rest }: Page<FlowView>): FlowPageResponse {
  return { flows: items.map(flowResponse), ...present(rest) };
}
