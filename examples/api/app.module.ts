import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ProtectionFlowsExceptionFilter, ProtectionFlowsModule } from '@sendense/protection-flows/nestjs';
import { BulkController } from './flows/bulk.controller';
import { FlowsController } from './flows/flows.controller';
import { ExecutionsController } from './executions/executions.controller';
import { FlowExecutionsController } from './executions/flow-executions.controller';
import { requestValidation } from './faults/request-validation';
import { HealthController } from './health.controller';
import { MetricsController } from './metrics.controller';
import { ReportsController } from './reports/reports.controller';

/** The service: the package's data layer, with everything of HTTP here. */
@Module({
  // Both programs migrate when they start; the package lets one at a time do so
  imports: [ProtectionFlowsModule.forRoot({ migrationsRun: true })],
  // Before the flows' `:id`, which would match `executions`, `report` and `dashboard`
  controllers: [
    HealthController,
    MetricsController,
    ExecutionsController,
    ReportsController,
    FlowsController,
    BulkController,
    FlowExecutionsController,
  ],
  providers: [
    { provide: APP_PIPE, useFactory: requestValidation },
    { provide: APP_FILTER, useClass: ProtectionFlowsExceptionFilter },
  ],
})
export class AppModule {}
