import type { ExecutionStatus, JobStatus } from '../domain';
import { isProtectionFlowsError } from '../errors';
import type { Claim, Outcome, Progress } from '../repositories';
import { passes, type DatabaseWatch } from './database-watch';
import type { WorkerSettings } from './options';

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

/** What a run needs besides its claim. */
export interface RunContext {
  readonly settings: WorkerSettings;
  readonly database: DatabaseWatch;
  /** Aborted when nothing is to be repeated any more. */
  readonly givingUp: AbortSignal;
  readonly fault: (error: unknown) => void;
}

/** A run under way. */
export interface UnderWay {
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** Aborts its signal. That is its end, unless it returns a result all the same; without a status, the database has its end. */
  abort(message: string, status?: Outcome['status']): void;
}

/** A message for people: passwords in addresses and settings are left out. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .replaceAll(/(:\/\/[^\s:/@]*:)[^\s/]*@/g, '$1***@')
    .replaceAll(/((?:password|passwd|pwd|secret|token)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi, '$1***')
    .slice(0, 10_000);
}

const isGone = (error: unknown): boolean => isProtectionFlowsError(error, 'EXECUTION_NOT_FOUND');

/** Does a claimed run, to its end. The database decides whether it is under way: where it says no, nothing more is written. */
export function beginRun(claim: Claim, { settings, database, givingUp, fault }: RunContext): UnderWay {
  const { repositories, run, heartbeatMs, timeoutMs, graceMs } = settings;
  const retrying = { retry: settings.retry };
  const { executions } = repositories;
  const { id } = claim.execution;
  const over = new AbortController();
  const { signal } = over;
  let verdict: Outcome | null = null;
  let [hasJobs, isBeating, hasReturned] = [false, false, true];

  const abort = (message: string, status?: Outcome['status']): void => {
    if (signal.aborted) return;
    verdict = status === undefined ? null : { status, error_message: message };
    over.abort(new Error(message));
  };
  const persist = <Result>(work: () => Promise<Result>): Promise<Result> => database.persist(work, givingUp);

  /** Whether the database takes the run for one under way; where not, it is over. */
  const tell = async (told: Promise<boolean>): Promise<void> => {
    const goneIsOver = (error: unknown): false | Promise<never> =>
      !isGone(error) && Promise.reject(error as Error);
    if (!(await told.catch(goneIsOver))) abort('The run is over');
  };
  const write = async (work: () => Promise<boolean>): Promise<void> => {
    let isUnderWay = false;
    await tell(database.persist(work, signal).then((is) => (isUnderWay = is)));
    if (!isUnderWay) signal.throwIfAborted();
  };
  /** A sign of life. While the database is away, it is left out. */
  const beat = async (): Promise<void> => {
    if (isBeating) return;
    isBeating = true;
    const told = tell(database.observe(() => executions.progress(id)));
    await told.catch((error: unknown) => passes(error) || fault(error));
    isBeating = false;
  };

  /** What the run returns, or throws; it is not waited for longer than the time of grace. */
  const call = async (): Promise<RunResult> => {
    let grace: NodeJS.Timeout | undefined;
    const deaf = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        hasReturned = false;
        reject(new Error(`${(signal.reason as Error).message}, and it did not return within ${graceMs} ms`));
      };
      signal.addEventListener('abort', () => (grace = setTimeout(giveUp, graceMs)), { once: true });
    });
    const work = async (): Promise<RunResult> =>
      run({
        ...claim,
        attempt:
          (claim.execution.execution_metadata?.['retry'] as { attempt: number } | undefined)?.attempt ?? 1,
        signal,
        persist: (own) => database.persist(own, signal),
        progress: (counts) => write(() => executions.progress(id, counts)),
        recordJobs: (jobIds, { expected } = {}) => {
          hasJobs = true;
          return write(() => executions.recordJobs(id, jobIds, { more: true, expected }));
        },
      });
    return Promise.race([work(), deaf]).finally(() => clearTimeout(grace));
  };
  const conclude = async (result: RunResult): Promise<void> => {
    const states = result instanceof Map ? (result as ReadonlyMap<string, JobStatus>) : undefined;
    if (states === undefined && (result !== undefined || !hasJobs)) {
      await executions.finish(id, (result as Outcome | undefined) ?? { status: 'success' }, retrying);
      return;
    }
    // None follow: from here on the jobs' states decide
    await executions.recordJobs(id, []);
    if ((await executions.settle(id, states, retrying)).status === 'running')
      throw new Error('It returned before its jobs were over');
  };
  /** Answers what went wrong. */
  const work = async (): Promise<unknown> => {
    try {
      const result = await call();
      return await persist(() => conclude(result));
    } catch (error) {
      const outcome = signal.aborted
        ? verdict
        : { status: 'error' as const, error_message: messageOf(error) };
      if (outcome !== null) await persist(() => executions.finish(id, outcome, retrying));
      return error;
    }
  };
  const execute = async (): Promise<RunEnd> => {
    let error: unknown;
    try {
      error = await work();
      const status = await persist(async () => (await executions.find(id))?.status ?? 'deleted');
      if (status === 'cancelled' && hasReturned) await persist(() => executions.acknowledge(id));
      return { status, error };
    } catch (thrown) {
      if (!isGone(thrown)) fault(thrown);
      return { status: isGone(thrown) ? 'deleted' : 'running', error: error ?? thrown };
    }
  };

  const timers = [setInterval(() => void beat(), heartbeatMs)];
  if (timeoutMs !== null)
    timers.push(setTimeout(() => abort(`It took longer than ${timeoutMs} ms`, 'error'), timeoutMs));
  return { abort, ended: execute().finally(() => timers.forEach(clearTimeout)) };
}
