import { ApiProperty } from '@nestjs/swagger';
import type { RunProgress } from '@sendense/protection-flows';
import { present } from '../present';

const number = { type: Number, required: false } as const;

/** The progress of a run under way. Unknown values are left out. */
export class FlowProgressResponse {
  @ApiProperty() readonly flow_id!: string;
  @ApiProperty() readonly execution_id!: string;
  @ApiProperty({ type: Date, required: false }) readonly started_at?: Date;
  @ApiProperty({ ...number, description: '0 to 100; never falls' }) readonly percent?: number;
  @ApiProperty() readonly bytes_transferred!: number;
  @ApiProperty(number) readonly total_bytes?: number;
  @ApiProperty() readonly jobs!: number;
  @ApiProperty() readonly jobs_over!: number;
  @ApiProperty({ type: String, required: false }) readonly phase?: string;
  @ApiProperty(number) readonly bytes_per_second?: number;
  @ApiProperty(number) readonly eta_seconds?: number;
  @ApiProperty({ type: Date, required: false }) readonly last_telemetry_at?: Date;
  @ApiProperty({ type: Boolean, required: false }) readonly stalled?: boolean;
}

/** The progress of several flows; flows without a run under way are left out. */
export class ProgressResponse {
  @ApiProperty({ type: [FlowProgressResponse] }) readonly progress!: FlowProgressResponse[];
}

/** Progress as the API answers it. */
export function progressResponse(runs: ReadonlyMap<string, RunProgress>): ProgressResponse {
  const progress = [...runs].map(([flow_id, run]) =>
    present({
      flow_id,
      execution_id: run.executionId,
      started_at: run.startedAt,
      percent: run.percent,
      bytes_transferred: run.bytesTransferred,
      total_bytes: run.totalBytes,
      jobs: run.jobs,
      jobs_over: run.jobsOver,
      phase: run.phase,
      bytes_per_second: run.bytesPerSecond,
      eta_seconds: run.etaSeconds,
      last_telemetry_at: run.lastTelemetryAt,
      stalled: run.stalled,
    }),
  );
  return { progress };
}
