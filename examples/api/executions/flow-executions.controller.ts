import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ExecutionRepository, FlowRepository } from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import { ExecuteFlowDto, HistoryQuery } from './execution.dto';
import { ExecutionPageResponse, ExecutionResponse } from './execution.response';

/** The runs of one flow. */
@ApiTags('executions')
@Controller('protection-flows/:id')
export class FlowExecutionsController {
  constructor(
    private readonly flows: FlowRepository,
    private readonly executions: ExecutionRepository,
  ) {}

  /** Puts a run into the queue. A scheduler takes it as soon as the flow does not run, also where the flow is disabled. */
  @Post('execute')
  @HttpCode(202)
  @ApiBody({ type: ExecuteFlowDto, required: false })
  @ApiAcceptedResponse({ type: ExecutionResponse })
  @ApiFaults(400, 404)
  execute(@Param('id') flow_id: string, @Body() input: ExecuteFlowDto): Promise<ExecutionResponse> {
    const { execution_type = 'api', triggered_by = 'api' } = input;
    return this.executions.enqueue({ flow_id, execution_type, triggered_by });
  }

  @Get('executions')
  @ApiOkResponse({ type: ExecutionPageResponse })
  @ApiFaults(400, 404)
  async history(@Param('id') id: string, @Query() page: HistoryQuery): Promise<ExecutionPageResponse> {
    const { items, next } = await this.executions.history(id, page);
    // Nothing to show may be a flow that never ran, or none at all
    if (items.length === 0) await this.flows.get(id);
    return { executions: items, next };
  }
}
