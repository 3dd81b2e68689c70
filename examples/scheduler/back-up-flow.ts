import {
  isPassing,
  type JobStatus,
  type RunResult,
  type TargetRepository,
  type TargetVm,
  type WorkerRun,
} from '@sendense/protection-flows';
import { newJob, type Job, type JobEnd, type SimulatedBackupEngine } from './backup-engine';
import { errorFacts, type Log } from './log';

/** What a run needs. */
export interface Tools {
  readonly targets: TargetRepository;
  readonly engine: SimulatedBackupEngine;
  /** How many VMs of one run are backed up at once. */
  readonly vmsAtOnce: number;
  readonly log: Log;
}

/** Does a job. If it throws, the job has failed, and the other VMs are still backed up. */
async function backUp(job: Job, run: WorkerRun, { engine, log }: Tools): Promise<JobEnd> {
  try {
    return await engine.run(job, run);
  } catch (error) {
    if (isPassing(error)) throw error;
    log('job-failed', { execution: run.execution.id, job: job.id, ...errorFacts(error) });
    return { status: 'failed', bytes: 0 };
  }
}

/**
 * Does one run: a job for each VM of the flow. It records each job before the job begins, so that none is lost if this
 * program dies. The jobs' states decide how the run ends: those in `backup_jobs`, or those returned here.
 */
export async function backUpFlow(run: WorkerRun, tools: Tools): Promise<RunResult> {
  const { flow, signal, persist } = run;
  const vms = await persist(() => tools.targets.resolve(flow));
  const ids = vms.map((vm) => vm.context_id);
  const { repository_id } = flow;
  const needFull =
    repository_id === null
      ? new Set(ids)
      : await persist(() => tools.targets.withoutFullBackup(ids, repository_id));
  const states = new Map<string, JobStatus>();
  const counts = {
    jobs_completed: 0,
    jobs_failed: 0,
    jobs_skipped: 0,
    vms_processed: 0,
    bytes_transferred: 0,
  };
  const columns = { completed: 'jobs_completed', failed: 'jobs_failed', cancelled: 'jobs_skipped' } as const;

  const runJob = async (vm: TargetVm): Promise<void> => {
    const job = newJob(vm, needFull.has(vm.context_id) ? 'full' : 'incremental');
    await run.recordJobs([job.id], { expected: vms.length });
    const { status, bytes } = await backUp(job, run, tools);
    states.set(job.id, status);
    counts[columns[status]] += 1;
    counts.vms_processed = counts.jobs_completed;
    counts.bytes_transferred += bytes;
    await run.progress(counts);
  };
  // All share one iterator, so each VM is taken once
  const queue = vms.values();
  const work = async (): Promise<void> => {
    for (const vm of queue) if (!signal.aborted) await runJob(vm);
  };
  const ends = await Promise.allSettled(Array.from({ length: tools.vmsAtOnce }, work));
  const fault = ends.find((end) => end.status === 'rejected');
  if (fault !== undefined) throw fault.reason;
  // Stopped before every VM was done
  if (counts.jobs_completed + counts.jobs_failed < vms.length) signal.throwIfAborted();
  return repository_id === null || vms.length === 0 ? states : undefined;
}
