import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import {
  ExecutionRepository,
  FlowRepository,
  TargetRepository,
  type NewFlow,
} from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import { CreateFlowDto } from './create-flow.dto';
import { ListFlowsQuery, SummaryQuery } from './flow-queries';
import { FlowPageResponse, flowPageResponse, FlowResponse, flowResponse } from './flow.response';
import { MachinesResponse, machinesResponse } from './machines.response';
import { StatusResponse, statusResponse } from './status.response';
import { summaryResponse, SummaryResponse, TestResponse, testResponse } from './summary.response';
import { UpdateFlowDto } from './update-flow.dto';

/** The flows. */
@ApiTags('flows')
@Controller('protection-flows')
export class FlowsController {
  constructor(
    private readonly flows: FlowRepository,
    private readonly targets: TargetRepository,
    private readonly executions: ExecutionRepository,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Stores a new flow' })
  @ApiCreatedResponse({ type: FlowResponse })
  @ApiFaults(400, 409)
  async create(@Body() input: CreateFlowDto): Promise<FlowResponse> {
    const { id } = await this.flows.create(input as NewFlow);
    return flowResponse(await this.flows.get(id));
  }

  @Get()
  @ApiOperation({ summary: 'All flows, or a part of them' })
  @ApiOkResponse({ type: FlowPageResponse })
  @ApiFaults(400)
  async list(@Query() query: ListFlowsQuery): Promise<FlowPageResponse> {
    const { limit, after, total, sort, order, name_contains: nameContains, ...columns } = query;
    // Without a limit the list is complete, and so its length is the total
    const page = { limit: limit ?? null, after, total: total ?? limit === undefined, sort, order };
    return flowPageResponse(await this.flows.list({ ...columns, nameContains }, page));
  }

  // Before `:id`, which would match it
  @Get('summary')
  @ApiOperation({ summary: 'Counts of flows and of today’s runs' })
  @ApiOkResponse({ type: SummaryResponse })
  @ApiFaults(400)
  async summary(@Query() { time_zone }: SummaryQuery): Promise<SummaryResponse> {
    return summaryResponse(await this.flows.summary({ timeZone: time_zone }));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One flow' })
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(404)
  async get(@Param('id') id: string): Promise<FlowResponse> {
    return flowResponse(await this.flows.get(id));
  }

  @Put(':id')
  @ApiOperation({ summary: 'Changes a flow; unknown fields are ignored' })
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(400, 404, 409)
  async update(@Param('id') id: string, @Body() changes: UpdateFlowDto): Promise<FlowResponse> {
    return flowResponse(await this.flows.update(id, changes));
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Deletes a flow with its runs' })
  @HttpCode(204)
  @ApiNoContentResponse({ description: 'Deleted, with all its executions' })
  @ApiFaults(404)
  delete(@Param('id') id: string): Promise<void> {
    return this.flows.delete(id);
  }

  @Patch(':id/enable')
  @ApiOperation({ summary: 'Enables a flow' })
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(404)
  async enable(@Param('id') id: string): Promise<FlowResponse> {
    return flowResponse(await this.flows.enable(id));
  }

  @Patch(':id/disable')
  @ApiOperation({ summary: 'Disables a flow' })
  @ApiOkResponse({ type: FlowResponse })
  @ApiFaults(404)
  async disable(@Param('id') id: string): Promise<FlowResponse> {
    return flowResponse(await this.flows.disable(id));
  }

  @Get(':id/status')
  @ApiOperation({ summary: 'A flow with its last run and next time' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiFaults(404)
  async status(@Param('id') id: string): Promise<StatusResponse> {
    const flow = await this.flows.get(id);
    const last = flow.last_execution_id;
    return statusResponse(flow, last === null ? null : await this.executions.find(last));
  }

  @Get(':id/machines')
  @ApiOperation({ summary: 'The VMs of a flow, with their last backups and the progress of those under way' })
  @ApiOkResponse({ type: MachinesResponse })
  @ApiFaults(404)
  async machines(@Param('id') id: string): Promise<MachinesResponse> {
    return machinesResponse(await this.targets.machines(id));
  }

  @Post(':id/test')
  @ApiOperation({ summary: 'Lists what would prevent a run of the flow; changes nothing' })
  @HttpCode(200)
  @ApiOkResponse({ type: TestResponse })
  @ApiFaults(404)
  async test(@Param('id') id: string): Promise<TestResponse> {
    return testResponse(await this.targets.check(id));
  }
}
