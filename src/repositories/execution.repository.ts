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
 * The runs of flows: begun, followed, ended and looked up.
 *
 * Guarantee: a run goes from state to state by one guarded UPDATE, so two that end it make one transition and count
 * once, and a message that comes late or twice changes nothing; a flow has at most one run under way.
 *
 * Everything fails with VALIDATION_FAILED for wrong input (every wrong field at once), and with TRANSACTION_ABORTED
 * where the server gave up a transaction: outside one of the caller's only after having been repeated.
 */
export class ExecutionRepository extends Repository {
  /**
   * Begins a run at once (`running`); the caller is its worker. To repeat it with the same `id` is one start.
   *
   * @throws FLOW_NOT_FOUND; FLOW_STILL_RUNNING where a run is under way (`details.executionId`);
   * REFERENCE_NOT_FOUND for a wrong schedule_execution_id
   */
  async start(input: NewExecution): Promise<ExecutionRow> {
    return startExecution(this.session, readNew({ input }).input);
  }

  /**
   * Puts a run into the queue (`pending`), whether or not the flow runs; a worker takes it with
   * `DueFlowRepository.claimQueued`. To repeat it with the same `id` is one run.
   *
   * @throws FLOW_NOT_FOUND; REFERENCE_NOT_FOUND
   */
  async enqueue(input: NewExecution): Promise<ExecutionRow> {
    return enqueueExecution(this.session, readNew({ input }).input);
  }

  /**
   * Begins a run that waits in the queue.
   *
   * @returns false where it does not wait any more
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

  /** The run, or null. */
  async find(id: string): Promise<ExecutionRow | null> {
    return findExecution(this.session, readId({ id }).id);
  }

  /**
   * Adds job ids to those of the run, each once. `[]` says that there were none to start.
   *
   * @param options `more: true`: further ones follow, so that {@link settle} does not judge yet; the last call leaves
   * it out. `expected`: how many jobs there will be, 0 to 1,000,000; given with the first call, `jobs_created` is known from
   * then on, and what is done of it never falls. With the last call it is the number of jobs that were recorded
   * @returns false where the run is over: nothing is written then
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
   * A sign of life, and the counts so far. Counts are totals, and never go down: messages may come late or twice.
   *
   * @returns false where the run is not under way
   * @throws EXECUTION_NOT_FOUND
   */
  async progress(id: string, counts?: Progress): Promise<boolean>;
  /**
   * How the runs under way of many flows go: percent, phase, speed, time left, and whether they have stalled. One query.
   *
   * @param options `stalledAfterMs`: so long may the jobs under way be silent, by the server's clock; default 300,000, as
   * the platform's own detector has it
   * @returns by flow id as given; a flow of which no run is under way is left out
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
   * Ends a run, and counts its success or failure in its flow; the flow's total has counted it when it began.
   *
   * @param options `retry`: how a run that ends with error is tried again: a run that waits in the queue, written together with
   * the end. Default: not at all
   * @returns true for the one caller that ended it; false where it is over already
   * @throws EXECUTION_NOT_FOUND; TRANSITION_REFUSED where a pending run is to have succeeded
   */
  async finish(id: string, outcome: Outcome, options: RetryOptions = {}): Promise<boolean> {
    const given = readOutcome({ id, outcome, options });
    return this.end(given.id, given.outcome, given.options.retry);
  }

  /**
   * Cancels a run that waits or is under way.
   *
   * @param reason for people, kept as error_message
   * @returns true for the one caller that cancelled it; false where it is over already
   * @throws EXECUTION_NOT_FOUND
   */
  async cancel(id: string, reason?: string): Promise<boolean> {
    const given = readCancel({ id, reason });
    return this.end(given.id, { status: 'cancelled', error_message: given.reason });
  }

  /**
   * Says that the work of a cancelled run has stopped: `cancel_acknowledged_at` in its metadata.
   *
   * @returns false where it is not cancelled, or was acknowledged before
   */
  async acknowledge(id: string): Promise<boolean> {
    return acknowledgeCancel(this.session, readId({ id }).id);
  }

  /**
   * Looks at the states of the run's jobs, and ends the run when all are over: success, warning, error or cancelled, as
   * `outcomeOfJobs` says. A job that nobody knows is missing, and counts as failed.
   *
   * @param states job id → state, where the jobs are not in `backup_jobs`
   * @param options as of {@link finish}
   * @throws EXECUTION_NOT_FOUND; PLATFORM_TABLE_MISSING where the states are not given and there is no `backup_jobs`
   */
  async settle(
    id: string,
    states?: ReadonlyMap<string, JobStatus>,
    options: RetryOptions = {},
  ): Promise<Settlement> {
    return settleExecution(this.session, { id, states, options });
  }

  /** The newest run of each of the flows, by flow id; flows without runs are left out. One query. */
  async latest(flowIds: readonly string[]): Promise<Map<string, ExecutionRow>> {
    return lists.selectLatest(this.session, { flowIds });
  }

  /**
   * A flow's runs, newest first.
   *
   * @param page `limit`: default 10; where it begins: `after`, or `offset`; `total`: whether all are counted
   */
  async history(flowId: string, page: lists.HistoryPage = {}): Promise<Page<ExecutionRow>> {
    return lists.selectHistory(this.session, { flowId, page });
  }

  /**
   * A page of the runs of all flows that a filter lets through, the one that began last first. Those that have not begun, or
   * never did, come last: to see the queue, ask for `pending`.
   *
   * @param filter properties that are undefined don't matter
   */
  async list(
    filter: lists.ExecutionFilter = {},
    page: lists.ExecutionPage = {},
  ): Promise<Page<ExecutionRow>> {
    return lists.listExecutions(this.session, { filter, page });
  }

  /** The runs under way, oldest first; at most `limit`, default 1,000. */
  async listRunning(options: { readonly limit?: number | undefined } = {}): Promise<ExecutionRow[]> {
    return lists.selectRunning(this.session, { options });
  }

  /** The run under way that has this job, compared exactly; null where there is none. */
  async findRunningByJob(jobId: string): Promise<ExecutionRow | null> {
    return lists.selectRunningByJob(this.session, { jobId });
  }

  /**
   * Ends runs, with error, that have given no sign of life for so long by the server's clock. Signs are start, recordJobs and
   * progress; and what the jobs under way tell (`last_telemetry_at`), where the platform's release has that. A run that
   * another program began, and that has never given one, is left alone unless asked for.
   *
   * @param options `silenceMs`: milliseconds, counted in whole seconds; `withoutSignOfLifeMs`: so long after their start,
   * and not before `silenceMs`, runs of other programs that have never given a sign of life are ended too, alive or not;
   * default: never; `limit`: at most so many, default 100; `retry`: as of {@link finish}
   * @returns the ids of the runs that were ended
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
