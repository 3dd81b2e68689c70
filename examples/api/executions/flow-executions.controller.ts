import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ExecutionRepository, FlowRepository } from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import { ExecuteFlowDto, HistoryQuery } from './execution.dto';
import {
  ExecutionPageResponse,
  executionPageResponse,
  executionResponse,
  QueuedResponse,
  type ExecutionResponse,
} from './execution.response';

/** Puts the run under way first, even if a newer one is queued: clients use the first one as the current run. */
function runningFirst(executions: readonly ExecutionResponse[]): ExecutionResponse[] {
  const isRunning = (run: ExecutionResponse): boolean => run.status === 'running';
  return [...executions.filter(isRunning), ...executions.filter((run) => !isRunning(run))];
}

/** The runs of one flow. */
@ApiTags('executions')
@Controller('protection-flows/:id')
export class FlowExecutionsController {
  constructor(
    private readonly flows: FlowRepository,
    private readonly executions: ExecutionRepository,
  ) {}

  /** Queues a run. A scheduler takes it as soon as the flow does not run, even if the flow is disabled. */
  @Post('execute')
  @HttpCode(202)
  @ApiOperation({ summary: 'Runs a flow as soon as it is free' })
  @ApiBody({ type: ExecuteFlowDto, required: false })
  @ApiAcceptedResponse({ type: QueuedResponse })
  @ApiFaults(400, 404)
  async execute(@Param('id') flow_id: string, @Body() input: ExecuteFlowDto): Promise<QueuedResponse> {
    const { execution_type = 'api', triggered_by = 'api' } = input;
    const run = await this.executions.enqueue({ flow_id, execution_type, triggered_by });
    return { ...executionResponse(run), execution_id: run.id, message: 'The run waits for a scheduler' };
  }

  @Get('executions')
  @ApiOperation({ summary: 'The runs of a flow: the one under way, then the newest first' })
  @ApiOkResponse({ type: ExecutionPageResponse })
  @ApiFaults(400, 404)
  async history(@Param('id') id: string, @Query() page: HistoryQuery): Promise<ExecutionPageResponse> {
    const found = await this.executions.history(id, { ...page, total: true });
    // An empty list: the flow never ran, or does not exist
    if (found.items.length === 0) await this.flows.get(id);
    const { executions, ...rest } = executionPageResponse(found);
    const isFirstPage = page.after === undefined && (page.offset ?? 0) === 0;
    return { executions: isFirstPage ? runningFirst(executions) : executions, ...rest };
  }
}
