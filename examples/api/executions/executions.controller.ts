import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ExecutionRepository, ProtectionFlowsError } from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import { CancelExecutionDto, LatestQuery, ListExecutionsQuery } from './execution.dto';
import {
  ExecutionPageResponse,
  executionPageResponse,
  ExecutionResponse,
  executionResponse,
  LatestResponse,
} from './execution.response';
import { ProgressResponse, progressResponse } from './progress.response';

/** The runs of all flows. */
@ApiTags('executions')
@Controller('protection-flows/executions')
export class ExecutionsController {
  constructor(private readonly executions: ExecutionRepository) {}

  /** For instance: what has failed since yesterday, what runs, what is queued. */
  @Get()
  @ApiOperation({ summary: 'The runs of all flows, the one that began last first' })
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
    return executionPageResponse(await this.executions.list(filter, { limit, after, total }));
  }

  /** The newest run of every flow on screen, in one query. Pages ask for it every two seconds. */
  @Get('latest')
  @ApiOperation({ summary: 'The newest run of each of several flows' })
  @ApiOkResponse({ type: LatestResponse })
  @ApiFaults(400)
  async latest(@Query() { flow_ids }: LatestQuery): Promise<LatestResponse> {
    return { executions: [...(await this.executions.latest(flow_ids)).values()].map(executionResponse) };
  }

  /** The progress of every flow on screen, in one query. */
  @Get('progress')
  @ApiOperation({ summary: 'The progress of several flows' })
  @ApiOkResponse({ type: ProgressResponse })
  @ApiFaults(400)
  async progress(@Query() { flow_ids }: LatestQuery): Promise<ProgressResponse> {
    return progressResponse(await this.executions.progress(flow_ids));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One run' })
  @ApiOkResponse({ type: ExecutionResponse })
  @ApiFaults(404)
  async get(@Param('id') id: string): Promise<ExecutionResponse> {
    return executionResponse(await this.executions.get(id));
  }

  /** Cancels a queued or running run; its scheduler stops the jobs as soon as it notices. */
  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancels a run' })
  @ApiBody({ type: CancelExecutionDto, required: false })
  @ApiOkResponse({ type: ExecutionResponse })
  @ApiFaults(400, 404, 409)
  async cancel(@Param('id') id: string, @Body() { reason }: CancelExecutionDto): Promise<ExecutionResponse> {
    const isCancelled = await this.executions.cancel(id, reason);
    const execution = await this.executions.get(id);
    if (isCancelled) return executionResponse(execution);
    throw new ProtectionFlowsError('TRANSITION_REFUSED', {
      message: `execution ${id} is over already: ${execution.status}`,
      remedy: 'Nothing is left to cancel.',
      details: { id, from: execution.status, to: 'cancelled' },
    });
  }
}
