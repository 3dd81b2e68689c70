import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupType, ProtectionFlowsDataSource, TargetVm, WorkerRun } from '@sendense/protection-flows';
import type { SimulationSettings } from './settings';

/** One VM in one run. */
export interface Job {
  /** `backup-<vm>-<unix seconds>`, as the platform names its jobs, and four letters that distinguish two jobs of a second. */
  readonly id: string;
  readonly vm: TargetVm;
  readonly type: BackupType;
}

/** The result of a job. */
export interface JobEnd {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly bytes: number;
}

const gibibyte = 2 ** 30;

/** A new job for a VM. */
export function newJob(vm: TargetVm, type: BackupType): Job {
  const name = vm.vm_name.slice(0, 40);
  return {
    id: `backup-${name}-${Math.floor(Date.now() / 1000)}-${randomBytes(2).toString('hex')}`,
    vm,
    type,
  };
}

/**
 * Simulates the platform's backup engine: copies nothing, takes a while, and writes the job's row in `backup_jobs` as
 * the platform does. A replication job has no row there. Replace this file by a real engine.
 */
export class SimulatedBackupEngine {
  constructor(
    private readonly settings: SimulationSettings,
    private readonly dataSource: ProtectionFlowsDataSource,
  ) {}

  /** Does the job until its end or the abort of the run's signal. Doing its writes twice does no harm. */
  async run(job: Job, { flow, signal, persist }: WorkerRun): Promise<JobEnd> {
    const { repository_id } = flow;
    if (repository_id !== null) await persist(() => this.insertRow(job, repository_id, flow.policy_id));
    const end = await this.copy(job, signal);
    if (repository_id !== null) await persist(() => this.endRow(job.id, end));
    return end;
  }

  /** Marks the jobs of dead programs as failed. */
  async abandon(jobIds: readonly string[]): Promise<void> {
    const marks = jobIds.map(() => '?').join(', ');
    if (jobIds.length === 0) return;
    await this.dataSource.query(
      `UPDATE backup_jobs SET status = 'failed', error_message = 'The program that ran it is gone', completed_at = NOW()
        WHERE id IN (${marks}) AND status IN ('pending', 'running')`,
      [...jobIds],
    );
  }

  private async copy({ vm, type }: Job, signal: AbortSignal): Promise<JobEnd> {
    const { backupMs, failRate, failVms } = this.settings;
    try {
      await delay(backupMs, undefined, { signal });
    } catch {
      return { status: 'cancelled', bytes: 0 };
    }
    if (failVms.has(vm.vm_name) || Math.random() < failRate) return { status: 'failed', bytes: 0 };
    return { status: 'completed', bytes: type === 'full' ? 40 * gibibyte : 2 * gibibyte };
  }

  private async insertRow(
    { id, vm, type }: Job,
    repositoryId: string,
    policyId: string | null,
  ): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO backup_jobs
         (id, vm_context_id, vm_name, repository_id, policy_id, backup_type, status, repository_path, started_at)
       VALUES (?, ?, ?, ?, ?, ?, 'running', ?, NOW()) ON DUPLICATE KEY UPDATE status = 'running'`,
      [id, vm.context_id, vm.vm_name, repositoryId, policyId, type, `/backups/${vm.vm_name}/${id}.qcow2`],
    );
  }

  private async endRow(id: string, { status, bytes }: JobEnd): Promise<void> {
    await this.dataSource.query(
      `UPDATE backup_jobs SET status = ?, bytes_transferred = ?, error_message = ?, completed_at = NOW() WHERE id = ?`,
      [status, bytes, status === 'failed' ? 'Simulated: the snapshot could not be read' : null, id],
    );
  }
}
