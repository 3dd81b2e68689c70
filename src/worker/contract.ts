import type { ExecutionStatus, JobStatus } from '../domain';
import type { Claim, Outcome, Progress } from '../repositories';

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
