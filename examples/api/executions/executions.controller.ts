import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ExecutionRepository, ProtectionFlowsError } from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import { CancelExecutionDto, LatestQuery, ListExecutionsQuery } from './execution.dto';
import { ExecutionPageResponse, ExecutionResponse, LatestResponse } from './execution.response';

/** Runs, whichever flow they are of. */
@ApiTags('executions')
@Controller('protection-flows/executions')
export class ExecutionsController {
  constructor(private readonly executions: ExecutionRepository) {}

  /** What has failed since yesterday, what runs, what waits. */
  @Get()
  @ApiOkResponse({ type: ExecutionPageResponse })
  @ApiFaults(400)
  async list(@Query() query: ListExecutionsQuery): Promise<ExecutionPageResponse> {
    const {
      limit,
      after,
      total,
      started_from: startedFrom,
      started_before: startedBefore,
      ...columns
    } = query;
    const filter = { ...columns, startedFrom, startedBefore };
    const { items, ...rest } = await this.executions.list(filter, { limit, after, total });
    return { executions: items, ...rest };
  }

  /** The newest run of every flow on screen, with one query: what a page asks for every other second. */
  @Get('latest')
  @ApiOkResponse({ type: LatestResponse })
  @ApiFaults(400)
  async latest(@Query() { flow_ids }: LatestQuery): Promise<LatestResponse> {
    return { executions: [...(await this.executions.latest(flow_ids)).values()] };
  }

  /** Cancels a run that waits or is under way; its scheduler stops the jobs as soon as it notices. */
  @Post(':id/cancel')
  @HttpCode(200)
  @ApiBody({ type: CancelExecutionDto, required: false })
  @ApiOkResponse({ type: ExecutionResponse })
  @ApiFaults(400, 404, 409)
  async cancel(@Param('id') id: string, @Body() { reason }: CancelExecutionDto): Promise<ExecutionResponse> {
    const isCancelled = await this.executions.cancel(id, reason);
    const execution = await this.executions.get(id);
    if (isCancelled) return execution;
    throw new ProtectionFlowsError('TRANSITION_REFUSED', {
      message: `execution ${id} is over already: ${execution.status}`,
      remedy: 'Nothing is left to cancel.',
      details: { id, from: execution.status, to: 'cancelled' },
    });
  }
}
