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

/** A run to be done, and how to tell of it. What is told is repeated while the database is away. */
export interface WorkerRun extends Claim {
  /** 1; more where earlier ones failed: `execution.execution_metadata.retry` names the run before it. */
  readonly attempt: number;
  /** Aborted when the run is over for the database (cancelled, taken for dead, deleted), takes too long, or the worker stops. */
  readonly signal: AbortSignal;
  /**
   * Counts so far, as totals. Signs of life are given without it.
   *
   * @throws the signal's reason where the run is over; VALIDATION_FAILED
   */
  progress(counts: Progress): Promise<void>;
  /**
   * Adds jobs, before they begin; `expected`: how many there will be.
   *
   * @throws the signal's reason where the run is over; VALIDATION_FAILED
   */
  recordJobs(jobIds: readonly string[], options?: { readonly expected?: number | undefined }): Promise<void>;
  /** Repeats work of yours until the database has answered, or the signal is aborted. It must do no harm when done twice. */
  persist<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * How a run went: its outcome; or the states of its jobs, which decide. Nothing: the states in `backup_jobs` decide where jobs were
 * recorded, and without any it is a success.
 */
export type RunResult = Outcome | ReadonlyMap<string, JobStatus> | undefined | void;

/** Does a run. */
export type RunFlow = (run: WorkerRun) => RunResult | Promise<RunResult>;

/** What a run has come to, as the database has it; `running` where that could not be told. */
export interface RunEnd {
  readonly status: ExecutionStatus | 'deleted';
  /** What it threw, or why it was aborted. */
  readonly error?: unknown;
}

/** What {@link createWorker} takes. */
export interface WorkerOptions
  extends Pick<ClaimOptions, 'overlap' | 'missed' | 'missedAfterMs' | 'perRepository'>, RetryOptions {
  /** Where the runs are claimed; on a connected DataSource. */
  readonly repositories: Pick<Repositories, 'executions' | 'dueFlows'>;
  /** Does a run. What it throws ends the run with error, and nothing else. */
  readonly run: RunFlow;
  /** Who runs: `triggered_by` of due runs, `worker` in the metadata of each. Default: host and process id. */
  readonly name?: string | undefined;
  /** Runs of this worker at once, 1 to 1,000. Default: 5. */
  readonly concurrency?: number | undefined;
  /** From one look for work to the next, give or take a quarter; a run that ends is one too. Milliseconds; default: 2,000. */
  readonly pollMs?: number | undefined;
  /** From one sign of life of a run to the next: so late it hears, too, that it was cancelled. Milliseconds; default: 10,000. */
  readonly heartbeatMs?: number | undefined;
  /** Runs, of any worker, without a sign of life for so long are ended; at least two heartbeats. Milliseconds; default: 60,000. */
  readonly silenceMs?: number | undefined;
  /** So long a run may take, in milliseconds. Default: as long as it likes. */
  readonly timeoutMs?: number | undefined;
  /** From `stop()`, so long runs may go on before they are cancelled. Milliseconds; default: 20,000. */
  readonly stopMs?: number | undefined;
  /** So long a run may take to return once its signal is aborted; then its place is given to another. Milliseconds; default: 5,000. */
  readonly graceMs?: number | undefined;
}

const dayMs = 86_400_000;
const time = (min: number, otherwise: number): Reader<number> =>
  optional(count({ min, max: dayMs }), otherwise);

const repositories: Reader<WorkerOptions['repositories']> = (value, field, faults) => {
  const { executions, dueFlows } = (value ?? {}) as Partial<Repositories>;
  if (executions instanceof ExecutionRepository && dueFlows instanceof DueFlowRepository)
    return { executions, dueFlows };
  return refuse(faults, field, 'isRepositories', 'must be what createRepositories makes');
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

/** @throws VALIDATION_FAILED naming everything that is wrong */
export const readWorkerOptions = (given: unknown) => readOptions({ options: given }).options;
