import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { ProtectionFlowsDataSource } from '@sendense/protection-flows';
import { prometheusContentType, prometheusText } from '@sendense/protection-flows/metrics';
import { ApiFaults } from './faults/fault.response';

/** For Prometheus. docs/metrics.md explains the metrics, and has alerts. */
@ApiTags('metrics')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly dataSource: ProtectionFlowsDataSource) {}

  @Get()
  @Header('Content-Type', prometheusContentType)
  @ApiOperation({ summary: 'Metrics of the flows, in Prometheus’ text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  @ApiFaults()
  metrics(): Promise<string> {
    return prometheusText(this.dataSource);
  }
}
