import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ProtectionFlowsDataSource } from '@sendense/protection-flows';
import { ApiFaults } from './faults/fault.response';

/** The service and its database work. */
export class HealthResponse {
  @ApiProperty({ example: 'ok' }) readonly status!: 'ok';
  @ApiProperty({ description: 'The database' }) readonly database!: string;
}

/** For monitoring: 503 while the database is away. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly dataSource: ProtectionFlowsDataSource) {}

  @Get()
  @ApiOperation({ summary: 'Whether the service and its database work' })
  @ApiOkResponse({ type: HealthResponse })
  @ApiFaults()
  async health(): Promise<HealthResponse> {
    await this.dataSource.query('SELECT 1');
    return { status: 'ok', database: this.dataSource.database };
  }
}
