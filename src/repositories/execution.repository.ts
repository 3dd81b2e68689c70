import { declareArguments, id, longText, nullable, optional, options } from '../arguments';
import type { JobStatus } from '../domain';
import type { ExecutionRow } from '../entities';
import {
  newExecution,
  outcomeOf,
  type NewExecution,
  type Outcome,
  type Progress,
} from './executions/execution-input';
import * as lists from './executions/execution-list';
import { recordJobIds, settleExecution, type Settlement } from './executions/jobs';
import { reapSilent } from './executions/reap';
import { beginExecution, enqueueExecution, findExecution, startExecution } from './executions/start';
import {
  acknowledgeCancel,
  endExecution,
  explainRefusal,
  noteProgress,
  retryPolicy,
  type RetryOptions,
  type RetryPolicy,
} from './executions/transition';
import { executionNotFound } from './not-found';
import type { Page } from './pages';
import { readProgress, type RunProgress } from './progress/run-progress';
import { Repository } from './session';

const entity = 'ProtectionFlowExecution';
const readNew = declareArguments(entity, { input: newExecution });
const readId = declareArguments(entity, { id });
const readOutcome = declareArguments(entity, {
  id,
  outcome: outcomeOf,
  options: options({ retry: retryPolicy }),
});
const readCancel = declareArguments(entity, { id, reason: optional(nullable(longText)) });

/**
 * Begins, follows, ends and reads the runs of flows.
 *
 * Guarantee: one guarded UPDATE changes a run's state. Two callers that end a run make one transition and count it once;
 * late or repeated messages change nothing. A flow has at most one run under way.
 *
 * Every method throws VALIDATION_FAILED for wrong input, with all wrong fields at once. It throws TRANSACTION_ABORTED if the
 * server gave up the transaction; outside a caller's transaction it repeats the work first.
 */
export class ExecutionRepository extends Repository {
  /**
   * Begins a run at once (`running`); the caller is its worker. Calling it again with the same `id` begins nothing new.
   *
   * @throws FLOW_NOT_FOUND; FLOW_STILL_RUNNING if a run is under way (`details.executionId`);
   * REFERENCE_NOT_FOUND for a wrong schedule_execution_id
   */
  async start(input: NewExecution): Promise<ExecutionRow> {
    return startExecution(this.session, readNew({ input }).input);
  }

  /**
   * Queues a run (`pending`), whether or not the flow has a run under way. A worker claims it with
   * `DueFlowRepository.claimQueued`. Calling it again with the same `id` queues nothing new.
   *
   * @throws FLOW_NOT_FOUND; REFERENCE_NOT_FOUND
   */
  async enqueue(input: NewExecution): Promise<ExecutionRow> {
    return enqueueExecution(this.session, readNew({ input }).input);
  }

  /**
   * Begins a queued run.
   *
   * @returns false if it is not queued any more
   * @throws EXECUTION_NOT_FOUND; FLOW_STILL_RUNNING
   */
  async begin(id: string): Promise<boolean> {
    return beginExecution(this.session, readId({ id }).id);
  }

  /** @throws EXECUTION_NOT_FOUND */
  async get(id: string): Promise<ExecutionRow> {
    const found = await this.find(id);
    if (found === null) throw executionNotFound(id);
    return found;
  }

  /** Reads the run; null if there is none. */
  async find(id: string): Promise<ExecutionRow | null> {
    return findExecution(this.session, readId({ id }).id);
  }

  /**
   * Adds job ids to those of the run, each once. `[]` means that there were no jobs to start.
   *
   * @param options `more: true`: further jobs follow, so {@link settle} does not end the run yet; the last call omits it.
   * `expected`: how many jobs there will be, 0 to 1,000,000. If the first call gives it, `jobs_created` is known from then on,
   * and the progress never falls. After the last call, `jobs_created` is the number of recorded jobs
   * @returns false if the run has ended: then nothing is written
   * @throws EXECUTION_NOT_FOUND
   */
  async recordJobs(
    id: string,
    jobIds: readonly string[],
    options: { readonly more?: boolean | undefined; readonly expected?: number | undefined } = {},
  ): Promise<boolean> {
    return recordJobIds(this.session, { id, jobIds, options });
  }

  /**
   * Writes a sign of life, and the counts so far. Counts are totals and never go down, so messages may come late or twice.
   *
   * @returns false if the run is not under way
   * @throws EXECUTION_NOT_FOUND
   */
  async progress(id: string, counts?: Progress): Promise<boolean>;
  /**
   * Reads the progress of many flows' runs under way: percent, phase, speed, time left, and whether they have stalled. One query.
   *
   * @param options `stalledAfterMs`: how long the jobs under way may be silent, by the server's clock; default 300,000, the
   * limit of the platform's own detector
   * @returns by flow id as given; flows without a run under way are left out
   */
  async progress(
    flowIds: readonly string[],
    options?: { readonly stalledAfterMs?: number | undefined },
  ): Promise<Map<string, RunProgress>>;
  async progress(asked: unknown, more: unknown = {}): Promise<boolean | Map<string, RunProgress>> {
    if (Array.isArray(asked)) return readProgress(this.session, { flowIds: asked, options: more });
    if (await noteProgress(this.session, { id: asked, counts: more })) return true;
    await this.get(asked as string);
    return false;
  }

  /**
   * Ends a run, and counts its success or failure in its flow. The flow's total counted the run when it began.
   *
   * @param options `retry`: if the run ends with error, queues its next attempt in the same transaction. Default: no retry
   * @returns true for the one caller that ended it; false if it has already ended
   * @throws EXECUTION_NOT_FOUND; TRANSITION_REFUSED if a pending run would end with success or warning
   */
  async finish(id: string, outcome: Outcome, options: RetryOptions = {}): Promise<boolean> {
    const given = readOutcome({ id, outcome, options });
    return this.end(given.id, given.outcome, given.options.retry);
  }

  /**
   * Cancels a run that is queued or under way.
   *
   * @param reason for people, kept as error_message
   * @returns true for the one caller that cancelled it; false if it has already ended
   * @throws EXECUTION_NOT_FOUND
   */
  async cancel(id: string, reason?: string): Promise<boolean> {
    const given = readCancel({ id, reason });
    return this.end(given.id, { status: 'cancelled', error_message: given.reason });
  }

  /**
   * Records that the work of a cancelled run has stopped: `cancel_acknowledged_at` in its metadata.
   *
   * @returns false if it is not cancelled, or was acknowledged before
   */
  async acknowledge(id: string): Promise<boolean> {
    return acknowledgeCancel(this.session, readId({ id }).id);
  }

  /**
   * Reads the states of the run's jobs, and ends the run once all jobs have ended: `outcomeOfJobs` decides between success,
   * warning, error and cancelled. A job without a state is missing, and counts as failed.
   *
   * @param states job id → state, if the jobs are not in `backup_jobs`
   * @param options as for {@link finish}
   * @throws EXECUTION_NOT_FOUND; PLATFORM_TABLE_MISSING if `states` is not given and there is no `backup_jobs`
   */
  async settle(
    id: string,
    states?: ReadonlyMap<string, JobStatus>,
    options: RetryOptions = {},
  ): Promise<Settlement> {
    return settleExecution(this.session, { id, states, options });
  }

  /** Reads the newest run of each flow, by flow id; flows without runs are left out. One query. */
  async latest(flowIds: readonly string[]): Promise<Map<string, ExecutionRow>> {
    return lists.selectLatest(this.session, { flowIds });
  }

  /**
   * Reads a page of a flow's runs, newest first.
   *
   * @param page `limit`: default 10; `after` or `offset`: where the page begins; `total`: whether to count all runs
   */
  async history(flowId: string, page: lists.HistoryPage = {}): Promise<Page<ExecutionRow>> {
    return lists.selectHistory(this.session, { flowId, page });
  }

  /**
   * Reads a page of the runs of all flows that match a filter, latest start first. Runs without a start come last; to see
   * the queue, filter by `pending`.
   *
   * @param filter undefined properties are ignored
   */
  async list(
    filter: lists.ExecutionFilter = {},
    page: lists.ExecutionPage = {},
  ): Promise<Page<ExecutionRow>> {
    return lists.listExecutions(this.session, { filter, page });
  }

  /** Reads the runs under way, oldest first; at most `limit`, default 1,000. */
  async listRunning(options: { readonly limit?: number | undefined } = {}): Promise<ExecutionRow[]> {
    return lists.selectRunning(this.session, { options });
  }

  /** Reads the run under way that has this job, compared exactly; null if there is none. */
  async findRunningByJob(jobId: string): Promise<ExecutionRow | null> {
    return lists.selectRunningByJob(this.session, { jobId });
  }

  /**
   * Ends runs with error that have given no sign of life for `silenceMs`, by the server's clock. Signs of life are start,
   * recordJobs, progress, and telemetry of jobs under way (`last_telemetry_at`, if the platform's release has it). By default
   * it does not end runs of other programs that have never given a sign of life.
   *
   * @param options `silenceMs`: milliseconds, rounded up to seconds. `withoutSignOfLifeMs`: also ends runs of other programs
   * that have never given a sign of life, this long after their start and not before `silenceMs`, even if they are alive;
   * default: never. `limit`: the most runs to end, default 100. `retry`: as for {@link finish}
   * @returns the ids of the runs that this call ended
   */
  async reapStale(
    options: RetryOptions & {
      readonly silenceMs: number;
      readonly withoutSignOfLifeMs?: number | undefined;
      readonly limit?: number | undefined;
    },
  ): Promise<string[]> {
    return reapSilent(this.session, { options });
  }

  private async end(id: string, outcome: Outcome, retry?: RetryPolicy): Promise<boolean> {
    const once = (): Promise<boolean> => endExecution(this.session, id, outcome, undefined, retry);
    return (await once()) || ((await explainRefusal(this.session, id, outcome.status)) && once());
  }
}
