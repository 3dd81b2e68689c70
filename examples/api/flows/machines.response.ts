import { ApiProperty } from '@nestjs/swagger';
import type { Machine } from '@sendense/protection-flows';
import { present } from '../present';

const number = { type: Number, required: false } as const;

/** A backup under way. */
export class MachineJobResponse {
  @ApiProperty() readonly job_id!: string;
  @ApiProperty({ type: String, required: false }) readonly phase?: string;
  @ApiProperty(number) readonly percent?: number;
  @ApiProperty(number) readonly bytes_per_second?: number;
  @ApiProperty(number) readonly eta_seconds?: number;
  @ApiProperty({ type: Boolean, required: false }) readonly stalled?: boolean;
}

/** The backups of a VM by the flow's newest runs. */
export class BackupStatsResponse {
  @ApiProperty() readonly backup_count!: number;
  @ApiProperty() readonly successful!: number;
  @ApiProperty() readonly failed!: number;
  @ApiProperty() readonly total_size_bytes!: number;
  @ApiProperty({ type: Date, required: false }) readonly last_backup_at?: Date;
  @ApiProperty(number) readonly average_seconds?: number;
}

/** A VM that a flow protects. */
export class MachineResponse {
  @ApiProperty() readonly context_id!: string;
  @ApiProperty() readonly vm_name!: string;
  @ApiProperty() readonly backup_stats!: BackupStatsResponse;
  @ApiProperty({ required: false, description: 'Left out if none is under way' })
  readonly running?: MachineJobResponse;
}

/** The VMs of a flow. */
export class MachinesResponse {
  @ApiProperty({ type: [MachineResponse] }) readonly machines!: MachineResponse[];
}

/** Machines as the API answers them. */
export function machinesResponse(machines: readonly Machine[]): MachinesResponse {
  return {
    machines: machines.map(({ context_id, vm_name, running, ...stats }) => ({
      context_id,
      vm_name,
      backup_stats: present({
        backup_count: stats.backups,
        successful: stats.successful,
        failed: stats.failed,
        total_size_bytes: stats.bytesTransferred,
        last_backup_at: stats.lastSuccessAt,
        average_seconds: stats.averageSeconds,
      }),
      ...(running !== null && {
        running: present({
          job_id: running.jobId,
          phase: running.phase,
          percent: running.percent,
          bytes_per_second: running.bytesPerSecond,
          eta_seconds: running.etaSeconds,
          stalled: running.stalled,
        }),
      }),
    })),
  };
}
