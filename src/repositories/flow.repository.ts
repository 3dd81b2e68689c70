import { declareArguments, id, ids, name } from '../arguments';
import type { FlowRow } from '../entities';
import { ProtectionFlowsError } from '../errors';
import { backfillFlow, type Backfill, type BackfilledRun } from './flows/backfill';
import { cancelFlows, executeFlows, type BulkExecution } from './flows/bulk-runs';
import { listFlows, selectFlows, type FlowFilter, type FlowPage } from './flows/flow-list';
import type { FlowView } from './flows/flow-view';
import {
  limitFailures,
  pauseFlow,
  resumeFlow,
  selectPauses,
  type Pause,
  type PauseOptions,
} from './flows/pauses';
import {
  readReport,
  readSummary,
  reportCsv,
  type FlowSummary,
  type ReportOptions,
  type ReportRow,
} from './flows/report';
import {
  flowChanges,
  insertFlow,
  newFlow,
  setEnabled,
  updateFlow,
  type FlowChanges,
  type NewFlow,
} from './flows/write-flow';
import { flowNotFound } from './not-found';
import type { Page } from './pages';
import { RetentionRepository } from './retention.repository';
import { bulkResult, type BulkResult } from './retention/delete-flows';
import { Repository } from './session';

const entity = 'ProtectionFlow';
const readNew = declareArguments(entity, { input: newFlow });
const readId = declareArguments(entity, { id });
const readName = declareArguments(entity, { name });
const readUpdate = declareArguments(entity, { id, changes: flowChanges });
const readIds = declareArguments(entity, { ids });

/**
 * Protection flows: written by the API, listed by the web page, looked up by the scheduler.
 *
 * Guarantee: what is stored keeps the rules of its type, and a flow with a schedule has its next time. Names of what a
 * flow refers to are there whatever the collations of the platform's tables, and null where a table is absent.
 *
 * Everything fails with VALIDATION_FAILED for wrong input (every wrong field at once), and with TRANSACTION_ABORTED
 * where the server gave up a transaction: outside one of the caller's only after having been repeated.
 */
export class FlowRepository extends Repository {
  /**
   * Stores a new flow, with the next time of its schedule.
   *
   * @throws VALIDATION_FAILED, FLOW_NAME_TAKEN and ID_TAKEN (as the database compares), REFERENCE_NOT_FOUND, SCHEDULE_INVALID
   */
  async create(input: NewFlow): Promise<FlowRow> {
    return insertFlow(this.session, readNew({ input }).input);
  }

  /** @throws FLOW_NOT_FOUND */
  async get(id: string): Promise<FlowView> {
    const found = await this.find(id);
    if (found === null) throw flowNotFound(id);
    return found;
  }

  /** The flow with its names, or null. */
  async find(id: string): Promise<FlowView | null> {
    const [found] = await selectFlows(this.session, 'WHERE f.id = ?', [readId({ id }).id]);
    return found ?? null;
  }

  /** The flow of that name, as the database compares names, or null. */
  async findByName(name: string): Promise<FlowView | null> {
    const [found] = await selectFlows(this.session, 'WHERE f.name = ?', [readName({ name }).name]);
    return found ?? null;
  }

  /**
   * A page of the flows that a filter lets through: newest first, unless the page says otherwise.
   *
   * @param filter properties that are undefined don't matter; null: those that have none
   */
  async list(filter: FlowFilter = {}, page: FlowPage = {}): Promise<Page<FlowView>> {
    return listFlows(this.session, { filter, page });
  }

  /**
   * Changes a flow: null clears a column, undefined leaves it alone. To change nothing is fine.
   *
   * @returns the flow as it is now
   * @throws FLOW_NOT_FOUND, VALIDATION_FAILED, FLOW_NAME_TAKEN, REFERENCE_NOT_FOUND, SCHEDULE_INVALID
   */
  async update(id: string, changes: FlowChanges): Promise<FlowView> {
    const given = readUpdate({ id, changes });
    await updateFlow(this.session, given.id, given.changes);
    return this.get(given.id);
  }

  /** The scheduler runs it again, from its next time on. @throws FLOW_NOT_FOUND */
  enable(id: string): Promise<FlowView> {
    return this.update(id, { enabled: true });
  }

  /** The scheduler passes it over; a run under way goes on. @throws FLOW_NOT_FOUND */
  disable(id: string): Promise<FlowView> {
    return this.update(id, { enabled: false });
  }

  /** Enables flows in one statement; one that is not there fails by itself. */
  enableMany(ids: readonly string[]): Promise<BulkResult> {
    return this.enabledMany('enable', ids);
  }

  /** Disables flows in one statement; one that is not there fails by itself. */
  disableMany(ids: readonly string[]): Promise<BulkResult> {
    return this.enabledMany('disable', ids);
  }

  /**
   * Deletes flows in one statement, long histories before it in batches; one that is not there, or that rows of another
   * table refer to (STILL_REFERENCED), fails by itself.
   */
  async deleteMany(ids: readonly string[]): Promise<BulkResult> {
    return new RetentionRepository(this.session.manager).deleteFlows(readIds({ ids }).ids);
  }

  /**
   * Puts a run of each flow into the queue, each in a transaction of its own; one that is not there fails by itself.
   *
   * @param run `execution_type`: default `api`; `triggered_by`: default `system`
   * @returns `executionIds` of each flow: its new run
   */
  async bulkExecute(ids: readonly string[], run: BulkExecution = {}): Promise<BulkResult> {
    return executeFlows(this.session, { ids, run });
  }

  /**
   * Cancels the runs of each flow that wait or are under way, those of a flow in one transaction; one that is not there fails by
   * itself, and where nothing is left to cancel it is done.
   *
   * @param reason for people, kept as error_message of each run
   * @returns `executionIds` of each flow: the runs that this call has cancelled
   */
  async bulkCancel(ids: readonly string[], reason?: string | null): Promise<BulkResult> {
    return cancelFlows(this.session, { ids, reason });
  }

  /**
   * The scheduler passes a flow over, and leaves its runs in the queue, until it is resumed or the pause has ended. A run under
   * way goes on, and whoever asks for one with `executions.start` gets it. A flow that is paused, is so in this way from now on.
   *
   * @param options `until`: when it goes on by itself, later than the server's time; `note`: why; `by`: who pauses it, default
   * `system`
   * @throws VALIDATION_FAILED; FLOW_NOT_FOUND; MIGRATION_PENDING
   */
  async pause(id: string, options: PauseOptions = {}): Promise<void> {
    return pauseFlow(this.session, { id, options });
  }

  /** Ends a flow's pause; false where it is not paused. @throws FLOW_NOT_FOUND; MIGRATION_PENDING */
  async resume(id: string): Promise<boolean> {
    return resumeFlow(this.session, readId({ id }).id);
  }

  /** The flows that are paused, in the order of their ids; at most `limit`, default 1,000. */
  async listPaused(options: { readonly limit?: number | undefined } = {}): Promise<Pause[]> {
    return selectPauses(this.session, { options });
  }

  /**
   * Lets a flow be paused, until it is resumed, once so many of its runs in a row have ended with `error`: those that began
   * since failures paused it last. Whichever process ends the last of them, the pause is part of that.
   *
   * @param failures 1 to 100; null: however many fail
   * @throws FLOW_NOT_FOUND; MIGRATION_PENDING
   */
  async pauseAfterFailures(id: string, failures: number | null): Promise<void> {
    return limitFailures(this.session, { id, failures });
  }

  /**
   * Queues a run for each time of the flow's present schedule in a window that has no run; workers claim them one after the
   * other. Times that {@link DueFlowRepository.claimDue} has not decided yet are left to it, so repeating the call queues no
   * run twice.
   *
   * @returns the queued runs, oldest time first
   * @throws FLOW_NOT_FOUND; VALIDATION_FAILED also if more than `limit` times have no run (then it queues none), or if the
   * flow's schedule gives no times
   */
  async backfill(id: string, window: Backfill): Promise<BackfilledRun[]> {
    return backfillFlow(this.session, { id, window });
  }

  /**
   * Deletes a flow and its executions.
   *
   * @throws FLOW_NOT_FOUND; STILL_REFERENCED where rows of another table refer to them by a key that does not let them go
   */
  async delete(id: string): Promise<void> {
    const { results } = await this.deleteMany([readId({ id }).id]);
    const error = results[0]?.error;
    if (error !== undefined) throw new ProtectionFlowsError(error.code, error);
  }

  /**
   * Counts flows and today's executions.
   *
   * @param options `timeZone`: where "today" begins at midnight, default UTC; `now`: default the server's time
   * @throws VALIDATION_FAILED for an unknown time zone
   */
  async summary(
    options: { readonly timeZone?: string | undefined; readonly now?: Date | undefined } = {},
  ): Promise<FlowSummary> {
    return readSummary(this.session, { options });
  }

  /**
   * How the runs went that began in a window: by day, week or month of a time zone, or by flow. One query.
   *
   * @returns every period of the window, also one without runs; the flows that had runs, by name
   * @throws VALIDATION_FAILED also for a window that is empty, or longer than 400 days
   */
  async report(options: ReportOptions): Promise<ReportRow[]> {
    return readReport(this.session, { options });
  }

  /**
   * The same as CSV (RFC 4180), with a head. A name that a spreadsheet would take for a formula (`=…`, `+…`, `-…`, `@…`) has an
   * apostrophe in front.
   *
   * @throws as {@link report}
   */
  async reportCsv(options: ReportOptions): Promise<string> {
    return reportCsv(await this.report(options));
  }

  private async enabledMany(action: 'enable' | 'disable', ids: readonly string[]): Promise<BulkResult> {
    const wanted = readIds({ ids }).ids;
    const found = await setEnabled(this.session, wanted, action === 'enable');
    return bulkResult(action, wanted, (id) => (found.has(id) ? null : 'not-found'));
  }
}
