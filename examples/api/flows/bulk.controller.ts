import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { FlowRepository } from '@sendense/protection-flows';
import { ApiFaults } from '../faults/fault.response';
import { BulkDto, BulkResponse, bulkResponse } from './bulk.dto';

/** Several flows at once; one that is not there fails by itself, the answer is 200 all the same. */
@ApiTags('flows')
@Controller('protection-flows')
export class BulkController {
  constructor(private readonly flows: FlowRepository) {}

  @Post('bulk-enable')
  @HttpCode(200)
  @ApiOkResponse({ type: BulkResponse })
  @ApiFaults(400)
  async enable(@Body() { flow_ids }: BulkDto): Promise<BulkResponse> {
    return bulkResponse(await this.flows.enableMany(flow_ids));
  }

  @Post('bulk-disable')
  @HttpCode(200)
  @ApiOkResponse({ type: BulkResponse })
  @ApiFaults(400)
  async disable(@Body() { flow_ids }: BulkDto): Promise<BulkResponse> {
    return bulkResponse(await this.flows.disableMany(flow_ids));
  }

  @Post('bulk-delete')
  @HttpCode(200)
  @ApiOkResponse({ type: BulkResponse })
  @ApiFaults(400)
  async delete(@Body() { flow_ids }: BulkDto): Promise<BulkResponse> {
    return bulkResponse(await this.flows.deleteMany(flow_ids));
  }
}
