import { ApiProperty } from '@nestjs/swagger';
import type { ExecutionRow, FlowView } from '@sendense/protection-flows';
import { ExecutionResponse, executionResponse } from '../executions/execution.response';
import { FlowResponse, flowResponse, FlowStatusResponse } from './flow.response';

/** How a flow stands: in the web page's words, and flat beside them as the platform's hub answers it. */
export class StatusResponse extends FlowStatusResponse {
  @ApiProperty() readonly flow!: FlowResponse;
  @ApiProperty({ required: false }) readonly last_execution?: ExecutionResponse;
  @ApiProperty({ type: Date, required: false }) readonly next_run?: Date;
}

/** @param last the run that the flow shows; null: it never ran, or that one was pruned */
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
