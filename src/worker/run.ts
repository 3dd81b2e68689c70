import type { JobStatus } from '../domain';
import { isProtectionFlowsError } from '../errors';
import type { Claim, Outcome } from '../repositories';
import { passes, type DatabaseWatch } from './database-watch';
import type { RunEnd, RunResult, WorkerSettings } from './options';

/** What a run needs from its worker. */
export interface RunContext {
  readonly settings: WorkerSettings;
  readonly database: DatabaseWatch;
  /** Aborted when nothing is to be retried any more. */
  readonly givingUp: AbortSignal;
  readonly fault: (error: unknown) => void;
}

/** A run under way. */
export interface UnderWay {
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** Aborts the run's signal. The run ends with this status unless it still returns a result; without a status, it has ended in the database. */
  abort(message: string, status?: Outcome['status']): void;
}

/** Makes a message for people from any thrown value, in a form that the database stores. It hides passwords in URLs and settings. */
export function messageOf(error: unknown): string {
  let text = 'It threw a value without text';
  try {
    text = String(error instanceof Error ? error.message || error.name : error);
  } catch {
    // A getter that throws, or an object that cannot be converted to text
  }
  return text
    .replaceAll(/(:\/\/[^\s:/@]*:)[^\s/]*@/g, '$1***@')
    .replaceAll(/((?:password|passwd|pwd|secret|token)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi, '$1***')
    .slice(0, 10_000)
    .replaceAll(/\p{Cs}|\0/gu, '\ufffd');
}

const isGone = (error: unknown): boolean => isProtectionFlowsError(error, 'EXECUTION_NOT_FOUND');

/** Carries out a claimed run to its end. The database decides whether the run is under way; once it is not, nothing more is written. */
export function beginRun(claim: Claim, { settings, database, givingUp, fault }: RunContext): UnderWay {
  const { repositories, run, heartbeatMs, timeoutMs, graceMs } = settings;
  const retrying = { retry: settings.retry };
  const { executions } = repositories;
  const { id } = claim.execution;
  const [over, ended] = [new AbortController(), new AbortController()];
  const { signal } = over;
  // Ends the retries of a call that the run did not wait for
  const repeating = AbortSignal.any([signal, ended.signal]);
  let verdict: Outcome | null = null;
  let [hasJobs, isBeating, hasReturned] = [false, false, true];

  const abort = (message: string, status?: Outcome['status']): void => {
    if (signal.aborted) return;
    verdict = status === undefined ? null : { status, error_message: message };
    over.abort(new Error(message));
  };
  const persist = <Result>(work: () => Promise<Result>): Promise<Result> => database.persist(work, givingUp);

  /** Aborts the run if the database says that it is not under way. */
  const checkUnderWay = async (answer: Promise<boolean>): Promise<void> => {
    const goneIsOver = (error: unknown): false | Promise<never> =>
      !isGone(error) && Promise.reject(error as Error);
    if (!(await answer.catch(goneIsOver))) abort('The run is over');
  };
  const write = (work: () => Promise<boolean>): Promise<void> => {
    let isUnderWay = false;
    const written = checkUnderWay(database.persist(work, repeating).then((is) => (isUnderWay = is))).then(
      () => isUnderWay || signal.throwIfAborted(),
    );
    // If the run does not wait for it, an unhandled rejection would end the process, with all other runs
    written.catch((error: unknown) => signal.aborted || fault(error));
    return written as Promise<void>;
  };
  /** Gives a sign of life, unless the database cannot be reached. */
  const beat = async (): Promise<void> => {
    if (isBeating) return;
    isBeating = true;
    const beaten = checkUnderWay(database.observe(() => executions.progress(id)));
    await beaten.catch((error: unknown) => passes(error) || fault(error));
    isBeating = false;
  };

  /** Returns the run's result. After an abort it waits no longer than `graceMs`. */
  const call = async (): Promise<RunResult> => {
    const returned = new AbortController();
    let grace: NodeJS.Timeout | undefined;
    const graceOver = new Promise<never>((_, reject) => {
      const giveUp = (): void => {
        hasReturned = false;
        reject(new Error(`${(signal.reason as Error).message}, and it did not return within ${graceMs} ms`));
      };
      const wait = (): void => void (grace = setTimeout(giveUp, graceMs));
      signal.addEventListener('abort', wait, { signal: returned.signal });
    });
    const { attempt } = Object(claim.execution.execution_metadata?.['retry']) as { attempt?: unknown };
    const work = async (): Promise<RunResult> =>
      run({
        ...claim,
        attempt: Number.isSafeInteger(attempt) ? (attempt as number) : 1,
        signal,
        persist: (own) => database.persist(own, repeating),
        progress: (counts) => write(() => executions.progress(id, counts)),
        recordJobs: (jobIds, options = {}) => {
          hasJobs = true;
          // recordJobs refuses options that are no object
          const given = () => (Object(options) === options ? { ...options, more: true } : options);
          return write(() => executions.recordJobs(id, jobIds, given()));
        },
      });
    return Promise.race([work(), graceOver]).finally(() => {
      clearTimeout(grace);
      returned.abort();
    });
  };
  const conclude = async (result: RunResult): Promise<void> => {
    const states = result instanceof Map ? (result as ReadonlyMap<string, JobStatus>) : undefined;
    // A JavaScript program may return null instead of undefined
    if (states === undefined && ((result ?? undefined) !== undefined || !hasJobs)) {
      await executions.finish(id, (result as Outcome | undefined) ?? { status: 'success' }, retrying);
      return;
    }
    // No more jobs follow: from here on the jobs' states decide
    await executions.recordJobs(id, []);
    if ((await executions.settle(id, states, retrying)).status === 'running')
      throw new Error('It returned before its jobs were over');
  };
  const execute = async (): Promise<RunEnd> => {
    let error: unknown;
    const work = async (): Promise<void> => {
      try {
        const result = await call();
        await persist(() => conclude(result));
      } catch (thrown) {
        // Not returned: a thrown promise would be awaited
        error = thrown;
        const outcome = signal.aborted
          ? verdict
          : { status: 'error' as const, error_message: messageOf(thrown) };
        if (outcome !== null) await persist(() => executions.finish(id, outcome, retrying));
      }
    };
    try {
      await work();
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
  const end = (): void => {
    timers.forEach(clearTimeout);
    ended.abort();
  };
  return { abort, ended: execute().finally(end) };
}
