import { hostname } from 'node:os';
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
  type ClaimOptions,
  type Repositories,
  type RetryOptions,
} from '../repositories';
import type { RunFlow } from './contract';

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
