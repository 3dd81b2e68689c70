import { hostname } from 'node:os';
import type { ExecutionStatus, JobStatus } from '../domain';
import {
  callback,
  choice,
  count,
  declareArguments,
  name,
  optional,
  options,
  refuse,
  type Reader,
} from '../arguments';
import {
  DueFlowRepository,
  ExecutionRepository,
  retryPolicy,
  type Claim,
  type ClaimOptions,
  type Outcome,
  type Progress,
  type Repositories,
  type RetryOptions,
} from '../repositories';

/** A claimed run, with the functions that report on it. They retry while the database cannot be reached. */
export interface WorkerRun extends Claim {
  /** 1, or more for a retry: `execution.execution_metadata.retry` then names the run before it. */
  readonly attempt: number;
  /** Aborted when the run is over in the database (cancelled, reaped, deleted), takes too long, or the worker stops. */
  readonly signal: AbortSignal;
  /**
   * Records the counts so far, as totals. The worker gives signs of life without it.
   *
   * @throws the signal's reason if the run is over; VALIDATION_FAILED
   */
  progress(counts: Progress): Promise<void>;
  /**
   * Adds jobs to the run; call it before the jobs begin. `expected`: how many jobs there will be.
   *
   * @throws the signal's reason if the run is over; VALIDATION_FAILED
   */
  recordJobs(jobIds: readonly string[], options?: { readonly expected?: number | undefined }): Promise<void>;
  /** Retries the given work until the database has answered or the signal is aborted. The work must be idempotent. */
  persist<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * How a run went: its outcome, or the states of its jobs, which decide the outcome. With no result, the states in
 * `backup_jobs` decide if the run recorded jobs, and otherwise it is a success.
 */
export type RunResult = Outcome | ReadonlyMap<string, JobStatus> | undefined | void;

/** Carries out a run. */
export type RunFlow = (run: WorkerRun) => RunResult | Promise<RunResult>;

/** How a run ended according to the database; `running` if the worker could not write the end. */
export interface RunEnd {
  readonly status: ExecutionStatus | 'deleted';
  /** The error that it threw, or the reason for which it was aborted. */
  readonly error?: unknown;
}

/** Options of {@link createWorker}. */
export interface WorkerOptions
  extends Pick<ClaimOptions, 'overlap' | 'missed' | 'missedAfterMs' | 'perRepository'>, RetryOptions {
  /** The repositories that claim runs, on a connected DataSource. */
  readonly repositories: Pick<Repositories, 'executions' | 'dueFlows'>;
  /** Carries out a run. If it throws, its run ends with error; nothing else is affected. */
  readonly run: RunFlow;
  /** The worker's name: `triggered_by` of due runs, `worker` in the metadata of every run. Default: host and process id. */
  readonly name?: string | undefined;
  /** The most runs of this worker at once, 1 to 1,000. Default: 5. */
  readonly concurrency?: number | undefined;
  /** The time between two looks for work, varied by up to a quarter. The end of a run starts a look too. Milliseconds; default: 2,000. */
  readonly pollMs?: number | undefined;
  /** The time between two signs of life of a run, and the longest until it notices its cancellation. Milliseconds; default: 10,000. */
  readonly heartbeatMs?: number | undefined;
  /** A run of any worker without a sign of life for this time is ended. At least two heartbeats. Milliseconds; default: 60,000. */
  readonly silenceMs?: number | undefined;
  /** The longest time of a run, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** How long `stop()` lets runs go on before it cancels them. Milliseconds; default: 20,000. */
  readonly stopMs?: number | undefined;
  /** How long a run may take to return after its signal is aborted. Then the worker takes another run. Milliseconds; default: 5,000. */
  readonly graceMs?: number | undefined;
}

const dayMs = 86_400_000;
const time = (min: number, otherwise: number): Reader<number> =>
  optional(count({ min, max: dayMs }), otherwise);

const repositories: Reader<WorkerOptions['repositories']> = (value, field, faults) => {
  const { executions, dueFlows } = (value ?? {}) as Partial<Repositories>;
  if (executions instanceof ExecutionRepository && dueFlows instanceof DueFlowRepository)
    return { executions, dueFlows };
  return refuse(faults, field, 'isRepositories', 'must be the result of createRepositories');
};

const readOptions = declareArguments('createWorker', {
  options: options(
    {
      repositories,
      run: callback<RunFlow>(),
      name: (value, field, faults) =>
        value === undefined ? `${hostname()}-${process.pid}` : name(value, field, faults),
      concurrency: optional(count({ min: 1, max: 1_000 }), 5),
      perRepository: optional(count({ min: 1, max: 1_000 })),
      overlap: optional(choice(['skip', 'queue'])),
      missed: optional(choice(['run', 'skip'])),
      missedAfterMs: optional(count({ min: 0, max: 3_650 * dayMs })),
      retry: retryPolicy,
      pollMs: time(10, 2_000),
      heartbeatMs: time(100, 10_000),
      silenceMs: time(1_000, 60_000),
      timeoutMs: optional(count({ min: 1, max: dayMs }), null),
      stopMs: time(0, 20_000),
      graceMs: time(0, 5_000),
    },
    ({ silenceMs, heartbeatMs }, faults) => {
      if (silenceMs < 2 * heartbeatMs)
        refuse(faults, 'silenceMs', 'isLonger', `must be at least twice heartbeatMs, ${2 * heartbeatMs}`);
    },
  ),
});

/** {@link WorkerOptions} with their defaults. */
export type WorkerSettings = ReturnType<typeof readWorkerOptions>;

/** @throws VALIDATION_FAILED, naming every option that is wrong */
export const readWorkerOptions = (given: unknown) => readOptions({ options: given }).options;
