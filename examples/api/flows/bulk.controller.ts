import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { FlowRepository } from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import {
  BulkCancelDto,
  BulkDto,
  BulkResponse,
  bulkResponse,
  BulkRunsResponse,
  bulkRunsResponse,
} from './bulk.dto';

/** Several flows at once. A flow that does not exist fails alone; the answer is still 200. */
@ApiTags('flows')
@Controller('protection-flows')
export class BulkController {
  constructor(private readonly flows: FlowRepository) {}

  @Post('bulk-enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Enables several flows' })
  @ApiOkResponse({ type: BulkResponse })
  @ApiFaults(400)
  async enable(@Body() { flow_ids }: BulkDto): Promise<BulkResponse> {
    return bulkResponse(await this.flows.enableMany(flow_ids));
  }

  @Post('bulk-disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Disables several flows' })
  @ApiOkResponse({ type: BulkResponse })
  @ApiFaults(400)
  async disable(@Body() { flow_ids }: BulkDto): Promise<BulkResponse> {
    return bulkResponse(await this.flows.disableMany(flow_ids));
  }

  @Post('bulk-delete')
  @HttpCode(200)
  @ApiOperation({ summary: 'Deletes several flows' })
  @ApiOkResponse({ type: BulkResponse })
  @ApiFaults(400)
  async delete(@Body() { flow_ids }: BulkDto): Promise<BulkResponse> {
    return bulkResponse(await this.flows.deleteMany(flow_ids));
  }

  @Post('bulk-execute')
  @HttpCode(200)
  @ApiOperation({ summary: 'Runs several flows, each as soon as it is free' })
  @ApiOkResponse({ type: BulkRunsResponse })
  @ApiFaults(400)
  async execute(@Body() { flow_ids }: BulkDto): Promise<BulkRunsResponse> {
    return bulkRunsResponse(await this.flows.bulkExecute(flow_ids, { triggered_by: 'api' }));
  }

  @Post('bulk-cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancels the queued and running runs of several flows' })
  @ApiOkResponse({ type: BulkRunsResponse })
  @ApiFaults(400)
  async cancel(@Body() { flow_ids, reason }: BulkCancelDto): Promise<BulkRunsResponse> {
    return bulkRunsResponse(await this.flows.bulkCancel(flow_ids, reason));
  }
}
