import { ApiProperty } from '@nestjs/swagger';
import type { ExecutionRow, FlowView } from '@sendense/protection-flows';
import { ExecutionResponse, executionResponse } from '../executions/execution.response';
import { FlowResponse, flowResponse, FlowStatusResponse } from './flow.response';

/** A flow's status in the web page's form, with the flat fields of the platform's hub beside it. */
export class StatusResponse extends FlowStatusResponse {
  @ApiProperty() readonly flow!: FlowResponse;
  @ApiProperty({ required: false }) readonly last_execution?: ExecutionResponse;
  @ApiProperty({ type: Date, required: false }) readonly next_run?: Date;
}

/** @param last the flow's last run; null if it never ran, or that run was pruned */
export function statusResponse(view: FlowView, last: ExecutionRow | null): StatusResponse {
  const flow = flowResponse(view);
  const { next_execution_time } = flow.status;
  return {
    ...flow.status,
    flow,
    ...(last !== null && { last_execution: executionResponse(last) }),
    ...(next_execution_time && { next_run: next_execution_time }),
  };
}
