import { ApiProperty } from '@nestjs/swagger';
import type { FlowProblem, FlowSummary } from '@sendense/protection-flows';

/** Totals for the head of the page. */
export class SummaryResponse {
  @ApiProperty() readonly total_flows!: number;
  @ApiProperty() readonly enabled_flows!: number;
  @ApiProperty() readonly disabled_flows!: number;
  @ApiProperty() readonly backup_flows!: number;
  @ApiProperty() readonly replication_flows!: number;
  @ApiProperty() readonly total_executions_today!: number;
  @ApiProperty() readonly successful_executions_today!: number;
  @ApiProperty() readonly failed_executions_today!: number;
}

/** The summary under the API's names. */
export function summaryResponse(summary: FlowSummary): SummaryResponse {
  return {
    total_flows: summary.totalFlows,
    enabled_flows: summary.enabledFlows,
    disabled_flows: summary.disabledFlows,
    backup_flows: summary.backupFlows,
    replication_flows: summary.replicationFlows,
    total_executions_today: summary.totalExecutionsToday,
    successful_executions_today: summary.successfulExecutionsToday,
    failed_executions_today: summary.failedExecutionsToday,
  };
}

/** A reason why a flow would not run as it should. */
export class ProblemResponse implements FlowProblem {
  @ApiProperty({ type: String, description: 'The field of the flow that causes it' })
  readonly field!: FlowProblem['field'];
  @ApiProperty() readonly message!: string;
}

/** Whether a flow could run now. */
export class TestResponse {
  @ApiProperty() readonly valid!: boolean;
  @ApiProperty({ type: [String], description: 'For people' }) readonly errors!: string[];
  @ApiProperty({ type: [ProblemResponse], description: 'The same for programs' })
  readonly problems!: ProblemResponse[];
}

/** The problems of a flow as the API answers them. */
export function testResponse(problems: FlowProblem[]): TestResponse {
  return { valid: problems.length === 0, errors: problems.map(({ message }) => message), problems };
}
