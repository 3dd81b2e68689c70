import { ApiProperty } from '@nestjs/swagger';
import type { FlowProblem, FlowSummary } from '@sendense/protection-flows';

/** Numbers for the head of the page. */
export class SummaryResponse implements FlowSummary {
  @ApiProperty() readonly total_flows!: number;
  @ApiProperty() readonly enabled_flows!: number;
  @ApiProperty() readonly disabled_flows!: number;
  @ApiProperty() readonly backup_flows!: number;
  @ApiProperty() readonly replication_flows!: number;
  @ApiProperty() readonly total_executions_today!: number;
  @ApiProperty() readonly successful_executions_today!: number;
  @ApiProperty() readonly failed_executions_today!: number;
}

/** Something that keeps a flow from running as it should. */
export class ProblemResponse implements FlowProblem {
  @ApiProperty({ type: String, description: 'The field of the flow that it comes from' })
  readonly field!: FlowProblem['field'];
  @ApiProperty() readonly message!: string;
}

/** Whether a flow could run now. */
export class TestResponse {
  @ApiProperty() readonly ok!: boolean;
  @ApiProperty({ type: [ProblemResponse] }) readonly problems!: ProblemResponse[];
}
