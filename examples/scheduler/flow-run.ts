import {
  isProtectionFlowsError,
  type Claim,
  type JobStatus,
  type FlowRow,
  type Repositories,
  type TargetVm,
} from '@sendense/protection-flows';
import { newJob, type Job, type JobEnd, type SimulatedBackupEngine } from './backup-engine';
import { errorFacts, isPassing, type DatabaseWatch } from './database-watch';
import type { Log } from './log';
import type { SchedulerSettings } from './settings';

/** What a run needs besides its claim. */
export interface RunContext {
  readonly repositories: Repositories;
  readonly engine: SimulatedBackupEngine;
  readonly watch: DatabaseWatch;
  readonly settings: Pick<SchedulerSettings, 'vmsAtOnce' | 'silenceMs'>;
  readonly log: Log;
}

const stopReason = 'The scheduler was stopped';

/**
 * One claimed run, from its claim to its end: a job for each VM, every job recorded before it begins, a sign of life at
 * least four times in the time after which others take it for dead.
 *
 * The database decides whether a run is still under way. Where it says no (cancelled by somebody, reaped, its flow
 * deleted), the run stops its jobs and writes nothing more.
 */
export class FlowRun {
  private readonly stopping = new AbortController();
  private readonly over = new AbortController();
  private readonly signal = AbortSignal.any([this.stopping.signal, this.over.signal]);
  private readonly ended = { completed: 0, failed: 0, cancelled: 0, bytes: 0 };
  private readonly states = new Map<string, JobStatus>();
  /** VMs that were not seen to their end. */
  private left = 0;

  constructor(
    private readonly claim: Claim,
    private readonly context: RunContext,
  ) {}

  /** Gives up what is left; the run is cancelled. */
  stop(): void {
    this.stopping.abort();
  }

  /** Does the run. Never rejects: what goes wrong ends the run and is logged. */
  async execute(): Promise<void> {
    const { log, settings } = this.context;
    const { execution, flow } = this.claim;
    log('run-began', { execution: execution.id, flow: flow.name, type: execution.execution_type });
    const heartbeat = setInterval(() => void this.giveSignOfLife(), settings.silenceMs / 4);
    try {
      await this.runJobs();
      log('run-ended', { execution: execution.id, flow: flow.name, status: await this.end() });
    } catch (error) {
      await this.fail(error);
    } finally {
      clearInterval(heartbeat);
    }
  }

  private async runJobs(): Promise<void> {
    const { repositories, settings } = this.context;
    const { flow } = this.claim;
    const vms = await this.persist(() => repositories.targets.resolve(flow));
    const needFull = await this.persist(() => this.findNeedFull(flow, vms));
    this.left = vms.length;
    // The workers take from one iterator: each VM is taken once
    const queue = vms.values();
    const work = async (): Promise<void> => {
      for (const vm of queue)
        if (!this.signal.aborted) await this.runJob(vm, needFull.has(vm.context_id), vms.length);
    };
    const workers = Array.from({ length: settings.vmsAtOnce }, () =>
      work().catch((error: unknown) => {
        this.over.abort();
        throw error;
      }),
    );
    const fault = (await Promise.allSettled(workers)).find((result) => result.status === 'rejected');
    if (fault !== undefined) throw fault.reason;
  }

  private async findNeedFull(flow: FlowRow, vms: readonly TargetVm[]): Promise<Set<string>> {
    const ids = vms.map((vm) => vm.context_id);
    if (flow.repository_id === null) return new Set(ids);
    return this.context.repositories.targets.withoutFullBackup(ids, flow.repository_id);
  }

  private async runJob(vm: TargetVm, isFull: boolean, expected: number): Promise<void> {
    const { repositories } = this.context;
    const { execution } = this.claim;
    const job = newJob(vm, isFull ? 'full' : 'incremental');
    // Before it begins: if this program dies in between, the job counts as missing, and none is unknown
    const isRecorded = await this.persist(() =>
      repositories.executions.recordJobs(execution.id, [job.id], { more: true, expected }),
    );
    if (!isRecorded) return this.over.abort();
    const { status, bytes } = await this.backUp(job);
    this.states.set(job.id, status);
    this.ended[status] += 1;
    this.ended.bytes += bytes;
    if (status !== 'cancelled') this.left -= 1;
    await this.giveSignOfLife();
  }

  /** A job that can't be done has failed; the other VMs are backed up all the same. */
  private async backUp(job: Job): Promise<JobEnd> {
    const { engine, log } = this.context;
    try {
      return await engine.run(job, this.claim.flow, this.signal);
    } catch (error) {
      if (isPassing(error)) throw error;
      log('job-failed', { execution: this.claim.execution.id, job: job.id, ...errorFacts(error) });
      return { status: 'failed', bytes: 0 };
    }
  }

  /** Tells how far the run is, and learns whether it still is under way. */
  private async giveSignOfLife(): Promise<void> {
    const { completed, failed, cancelled, bytes } = this.ended;
    const counts = {
      jobs_completed: completed,
      jobs_failed: failed,
      jobs_skipped: cancelled,
      vms_processed: completed,
      bytes_transferred: bytes,
    };
    const { executions } = this.context.repositories;
    try {
      const isUnderWay = await this.context.watch.observe(() =>
        executions.progress(this.claim.execution.id, counts),
      );
      if (!isUnderWay) this.over.abort();
    } catch (error) {
      if (isProtectionFlowsError(error, 'EXECUTION_NOT_FOUND')) return this.over.abort();
      // Nothing is lost: the next one tells the same, and the end of the run waits for the database
      if (!isPassing(error)) this.context.log('progress-failed', errorFacts(error));
    }
  }

  /** @returns what the run has come to, as the database has it */
  private async end(): Promise<string> {
    const { executions } = this.context.repositories;
    const { execution, flow } = this.claim;
    if (this.over.signal.aborted) return (await executions.find(execution.id))?.status ?? 'deleted';
    if (this.stopping.signal.aborted && this.left > 0) {
      await executions.cancel(execution.id, stopReason);
      return (await executions.get(execution.id)).status;
    }
    // None follow: from here on the jobs' states decide
    await this.persist(() => executions.recordJobs(execution.id, []));
    const states = flow.repository_id === null ? this.states : undefined;
    return (await this.persist(() => executions.settle(execution.id, states))).status;
  }

  private async fail(error: unknown): Promise<void> {
    const { repositories, log } = this.context;
    const { id } = this.claim.execution;
    log('run-failed', { execution: id, flow: this.claim.flow.name, ...errorFacts(error) });
    const outcome = { status: 'error', error_message: (error as Error).message } as const;
    // Where the database can't be told, the run falls silent, and another scheduler ends it
    await repositories.executions.finish(id, outcome).catch(() => undefined);
  }

  private persist<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.context.watch.persist(work, this.signal);
  }
}
