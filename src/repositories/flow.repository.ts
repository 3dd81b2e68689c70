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
 * Writes, lists and reads protection flows, for the API, the web page and the scheduler.
 *
 * Guarantee: a stored flow obeys the rules of its type, and a flow with a schedule has its next time. The names of the rows
 * to which a flow refers are found with any collation of the platform's tables, and are null if a table is missing.
 *
 * Every method throws VALIDATION_FAILED for wrong input, with all wrong fields at once. It throws TRANSACTION_ABORTED if the
 * server gave up the transaction; outside a caller's transaction it repeats the work first.
 */
export class FlowRepository extends Repository {
  /**
   * Stores a new flow, with the next time of its schedule.
   *
   * @throws VALIDATION_FAILED, FLOW_NAME_TAKEN and ID_TAKEN (the database compares), REFERENCE_NOT_FOUND, SCHEDULE_INVALID
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

  /** Reads the flow with its names; null if there is none. */
  async find(id: string): Promise<FlowView | null> {
    const [found] = await selectFlows(this.session, 'WHERE f.id = ?', [readId({ id }).id]);
    return found ?? null;
  }

  /** Reads the flow with that name, compared by the database; null if there is none. */
  async findByName(name: string): Promise<FlowView | null> {
    const [found] = await selectFlows(this.session, 'WHERE f.name = ?', [readName({ name }).name]);
    return found ?? null;
  }

  /**
   * Reads a page of the flows that match a filter; newest first, unless the page gives another order.
   *
   * @param filter undefined properties are ignored; null matches flows without a value
   */
  async list(filter: FlowFilter = {}, page: FlowPage = {}): Promise<Page<FlowView>> {
    return listFlows(this.session, { filter, page });
  }

  /**
   * Changes a flow: null clears a column, undefined leaves it unchanged. Changes may be empty.
   *
   * @returns the changed flow
   * @throws FLOW_NOT_FOUND, VALIDATION_FAILED, FLOW_NAME_TAKEN, REFERENCE_NOT_FOUND, SCHEDULE_INVALID
   */
  async update(id: string, changes: FlowChanges): Promise<FlowView> {
    const given = readUpdate({ id, changes });
    await updateFlow(this.session, given.id, given.changes);
    return this.get(given.id);
  }

  /** Enables a flow: the scheduler runs it from its next time on. @throws FLOW_NOT_FOUND */
  enable(id: string): Promise<FlowView> {
    return this.update(id, { enabled: true });
  }

  /** Disables a flow: the scheduler does not run it. A run under way goes on. @throws FLOW_NOT_FOUND */
  disable(id: string): Promise<FlowView> {
    return this.update(id, { enabled: false });
  }

  /** Enables flows in one statement. A missing flow fails alone. */
  enableMany(ids: readonly string[]): Promise<BulkResult> {
    return this.enabledMany('enable', ids);
  }

  /** Disables flows in one statement. A missing flow fails alone. */
  disableMany(ids: readonly string[]): Promise<BulkResult> {
    return this.enabledMany('disable', ids);
  }

  /**
   * Deletes flows in one statement; before that, long histories in batches. A missing flow, or one to which a row of another
   * table refers (STILL_REFERENCED), fails alone.
   */
  async deleteMany(ids: readonly string[]): Promise<BulkResult> {
    return new RetentionRepository(this.session.manager).deleteFlows(readIds({ ids }).ids);
  }

  /**
   * Queues a run of each flow, each in a transaction of its own. A missing flow fails alone.
   *
   * @param run `execution_type`: default `api`; `triggered_by`: default `system`
   * @returns `executionIds` of each flow: the queued run
   */
  async bulkExecute(ids: readonly string[], run: BulkExecution = {}): Promise<BulkResult> {
    return executeFlows(this.session, { ids, run });
  }

  /**
   * Cancels each flow's runs that are queued or under way, those of one flow in one transaction. A missing flow fails alone. A
   * flow with nothing to cancel succeeds.
   *
   * @param reason for people, kept as error_message of each run
   * @returns `executionIds` of each flow: the runs that this call cancelled
   */
  async bulkCancel(ids: readonly string[], reason?: string | null): Promise<BulkResult> {
    return cancelFlows(this.session, { ids, reason });
  }

  /**
   * Pauses a flow until somebody resumes it, or until `until`. Meanwhile claims skip its due runs and leave its queued runs. A
   * run under way goes on, and `executions.start` still begins runs. Replaces the flow's present pause.
   *
   * @param options `until`: when the pause ends, later than the server's time; `note`: why; `by`: who pauses it, default
   * `system`
   * @throws VALIDATION_FAILED; FLOW_NOT_FOUND; MIGRATION_PENDING
   */
  async pause(id: string, options: PauseOptions = {}): Promise<void> {
    return pauseFlow(this.session, { id, options });
  }

  /** Ends a flow's pause; false if it is not paused. @throws FLOW_NOT_FOUND; MIGRATION_PENDING */
  async resume(id: string): Promise<boolean> {
    return resumeFlow(this.session, readId({ id }).id);
  }

  /** Reads the paused flows, by id; at most `limit`, default 1,000. */
  async listPaused(options: { readonly limit?: number | undefined } = {}): Promise<Pause[]> {
    return selectPauses(this.session, { options });
  }

  /**
   * Sets after how many runs in a row with `error` a flow is paused until somebody resumes it. Only runs after the last such
   * pause count. The transaction that ends the last of these runs, in any process, also pauses the flow.
   *
   * @param failures 1 to 100; null: failures never pause it
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
   * @throws FLOW_NOT_FOUND; STILL_REFERENCED if a row of another table refers to them by a key with RESTRICT or NO ACTION
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
   * Reports the results of the runs that began in a window: by day, week or month of a time zone, or by flow. One query.
   *
   * @returns every period of the window, also those without runs; or the flows with runs, by name
   * @throws VALIDATION_FAILED also for a window that is empty, or longer than 400 days
   */
  async report(options: ReportOptions): Promise<ReportRow[]> {
    return readReport(this.session, { options });
  }

  /**
   * Returns the same as CSV (RFC 4180) with a header line. A name that a spreadsheet would read as a formula (`=…`, `+…`,
   * `-…`, `@…`) gets an apostrophe in front.
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
