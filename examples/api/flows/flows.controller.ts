import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { FlowRepository, TargetRepository, type NewFlow } from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import { CreateFlowDto } from './create-flow.dto';
import { ListFlowsQuery, SummaryQuery } from './flow-queries';
import {
  FlowPageResponse,
  flowPageResponse,
  FlowResponse,
  flowResponse,
  FlowStatusResponse,
} from './flow.response';
import { summaryResponse, SummaryResponse, TestResponse } from './summary.response';
import { UpdateFlowDto } from './update-flow.dto';

/** Flows: what is configured. */
@ApiTags('flows')
@Controller('protection-flows')
export class FlowsController {
  constructor(
    private readonly flows: FlowRepository,
    private readonly targets: TargetRepository,
  ) {}

  @Post()
  @ApiCreatedResponse({ type: FlowResponse })
  @ApiFaults(400, 409)
  async create(@Body() input: CreateFlowDto): Promise<FlowResponse> {
    const { id } = await this.flows.create(input as NewFlow);
    return flowResponse(await this.flows.get(id));
  }

  @Get()
  @ApiOkResponse({ type: FlowPageResponse })
  @ApiFaults(400)
  async list(@Query() query: ListFlowsQuery): Promise<FlowPageResponse> {
    const { limit, after, total, sort, order, name_contains: nameContains, ...columns } = query;
    const page = { limit, after, total, sort, order };
    return flowPageResponse(await this.flows.list({ ...columns, nameContains }, page));
  }

  // Before `:id`, which would take it for one
  @Get('summary')
  @ApiOkResponse({ type: SummaryResponse })
  @ApiFaults(400)
  async summary(@Query() { time_zone }: SummaryQuery): Promise<SummaryResponse> {
    return summaryResponse(await this.flows.summary({ timeZone: time_zone }));
  }

  @Get(':id')
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(404)
  async get(@Param('id') id: string): Promise<FlowResponse> {
    return flowResponse(await this.flows.get(id));
  }

  @Put(':id')
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(400, 404, 409)
  async update(@Param('id') id: string, @Body() changes: UpdateFlowDto): Promise<FlowResponse> {
    return flowResponse(await this.flows.update(id, changes));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse({ description: 'Deleted, with all its executions' })
  @ApiFaults(404)
  delete(@Param('id') id: string): Promise<void> {
    return this.flows.delete(id);
  }

  @Patch(':id/enable')
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(404)
  async enable(@Param('id') id: string): Promise<FlowResponse> {
    return flowResponse(await this.flows.enable(id));
  }

  @Patch(':id/disable')
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(404)
  async disable(@Param('id') id: string): Promise<FlowResponse> {
    return flowResponse(await this.flows.disable(id));
  }

  @Get(':id/status')
  @ApiOkResponse({ type: FlowStatusResponse })
  @ApiFaults(404)
  async status(@Param('id') id: string): Promise<FlowStatusResponse> {
    return flowResponse(await this.flows.get(id)).status;
  }

  /** Looks whether the flow could run now; changes nothing. */
  @Post(':id/test')
  @HttpCode(200)
  @ApiOkResponse({ type: TestResponse })
  @ApiFaults(404)
  async test(@Param('id') id: string): Promise<TestResponse> {
    const problems = await this.targets.check(id);
    return { ok: problems.length === 0, problems };
  }
}
