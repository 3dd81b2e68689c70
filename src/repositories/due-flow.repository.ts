import { declareArguments, id, optional, options as optionsOf } from '../arguments';
import { auditFlows, type AuditOptions, type AuditPage } from './due/audit';
import {
  type Claim,
  type ClaimOptions,
  type ClaimResult,
  claimDueFlows,
  claimOptions,
  claimReaders,
} from './due/claim-due';
import { claimQueuedRuns } from './due/claim-queued';
import { planAll, type PlanResult, clearUnfitTimes, isLongSinceLooked } from './due/plan';
import { instant } from './input';
import { Repository, type Session } from './session';
import { traceClaim } from './tracing';
import type { DataSource } from 'typeorm';
import { withIndex } from './statements';

/** DataSources of which the last claim found nothing, by what was asked for. */
const idle = { due: new WeakSet<DataSource>(), queue: new WeakSet<DataSource>() };

/** Keeps whether a claim found anything. */
function noteFound({ manager: { connection } }: Session, where: keyof typeof idle, found: boolean): void {
  if (found) idle[where].delete(connection);
  else idle[where].add(connection);
}

/**
 * True where the last claim found nothing: the next one looks first, which takes one statement and no transaction. In a
 * transaction of the caller's, a look could see what was there long ago.
 */
const isIdle = ({ isJoined, manager: { connection } }: Session, where: keyof typeof idle): boolean =>
  !isJoined && idle[where].has(connection);

/**
 * What a claim of due flows will find; where the last one found something, or nobody has asked yet, it may find all. What is past
 * and NULL are next to each other in the index, so one look tells: from the end, where what is due is.
 */
async function lookForDue(session: Session, now: Date | null): Promise<{ due: boolean; unplanned: boolean }> {
  if (!isIdle(session, 'due')) return { due: true, unplanned: true };
  const [last] = await withIndex<{ isDue: number }>(
    session,
    'idx_flows_due',
    (hint) =>
      `SELECT next_execution_time IS NOT NULL AS isDue FROM protection_flows ${hint}
        WHERE enabled = 1 AND (next_execution_time <= ${now === null ? 'CURRENT_TIMESTAMP' : '?'}
           OR next_execution_time IS NULL AND schedule_id IS NOT NULL)
        ORDER BY next_execution_time DESC LIMIT 1`,
    now === null ? [] : [now],
  );
  return { due: Number(last?.isDue ?? 0) === 1, unplanned: last !== undefined };
}

/** Whether a claim of queued runs may find any. */
async function lookForQueued(session: Session): Promise<boolean> {
  if (!isIdle(session, 'queue')) return true;
  const waiting = await session.select(
    "SELECT 1 FROM protection_flow_executions WHERE status = 'pending' LIMIT 1",
  );
  return waiting.length > 0;
}

const nothing: ClaimResult = { claimed: [], queued: [], skipped: [] };

const readClaim = declareArguments('claimDue', { options: claimOptions });
const readQueued = declareArguments('claimQueued', { options: optionsOf(claimReaders) });
const readPlan = declareArguments('plan', { options: optionsOf({ now: optional(instant, null) }) });
const readReplan = declareArguments('replan', { scheduleId: id });

/**
 * The flows whose time has come, for any number of schedulers at once.
 *
 * Guarantee: each due run is claimed by one of them (locked rows are skipped), and the run and the flow's next time are
 * written together or not at all. A flow that still runs is not run a second time.
 */
export class DueFlowRepository extends Repository {
  /**
   * Claims flows that are due, the longest due first; the caller runs what was claimed. A run that was missed several
   * times is made up for once. Where fewer flows are due than asked for, {@link plan} is done too, and looks once in 30 seconds for
   * times that do not fit.
   *
   * @throws VALIDATION_FAILED for wrong options; TRANSACTION_ABORTED
   */
  async claimDue(options: ClaimOptions): Promise<ClaimResult> {
    const settings = readClaim({ options }).options;
    const claim = (own: Session): Promise<ClaimResult> => claimDueFlows(own, settings);
    let ahead = { due: true, unplanned: true };
    const result = await traceClaim({ from: 'due', limit: settings.limit }, async () => {
      ahead = await lookForDue(this.session, settings.now);
      return ahead.due ? this.session.transaction(claim, 'READ COMMITTED') : nothing;
    });
    const found = result.claimed.length + result.queued.length + result.skipped.length;
    noteFound(this.session, 'due', found > 0);
    if (found === settings.limit) return result;
    try {
      if (isLongSinceLooked(this.session))
        await planAll(this.session, await clearUnfitTimes(this.session, settings.now));
      else if (ahead.unplanned) await planAll(this.session, settings.now);
    } catch (error) {
      // What was claimed is committed, and would be lost; a fault that stays shows when there is nothing to claim
      if (found === 0 || this.session.isJoined) throw error;
    }
    return result;
  }

  /**
   * Takes runs out of the queue whose flow does not run, the oldest first; the caller runs them.
   *
   * @param options `worker`: who claims; `limit`: 1 to 1,000, default 20; `perRepository`: as of {@link claimDue}
   */
  async claimQueued(options: Pick<ClaimOptions, 'worker' | 'limit' | 'perRepository'>): Promise<Claim[]> {
    const settings = readQueued({ options }).options;
    const claim = (own: Session): Promise<Claim[]> => claimQueuedRuns(own, settings);
    const { limit } = settings;
    const claimed = await traceClaim({ from: 'queue', limit }, async () =>
      (await lookForQueued(this.session)) ? this.session.transaction(claim, 'READ COMMITTED') : [],
    );
    noteFound(this.session, 'queue', claimed.length > 0);
    return claimed;
  }

  /**
   * Gives a next_execution_time to every enabled flow that has a schedule and no time: flows written with raw SQL,
   * schedules that were enabled or mended, chained schedules whose parent has run. Times that do not fit any more are
   * noticed first, and computed anew: another program changed the flow's schedule, disabled the flow, or changed the expression,
   * time zone or state of the schedule. A run that is due already stays due, and what fits is not written.
   *
   * @param options `now`: default the server's time
   * @returns how many got one, and the schedules that gave none although they should
   */
  async plan(options: { readonly now?: Date | undefined } = {}): Promise<PlanResult> {
    return planAll(this.session, await clearUnfitTimes(this.session, readPlan({ options }).options.now));
  }

  /**
   * Computes the times of a schedule's flows anew, after the schedule was changed. Runs that are due already stay due.
   */
  async replan(scheduleId: string): Promise<PlanResult> {
    await this.session.write(
      `UPDATE protection_flows SET next_execution_time = NULL
        WHERE schedule_id = ? AND enabled = 1 AND next_execution_time > CURRENT_TIMESTAMP`,
      [readReplan({ scheduleId }).scheduleId],
    );
    return planAll(this.session, null);
  }

  /**
   * Recomputes every run that should have been in a window, and says of each whether it began on time or late, was skipped
   * and why, or missed; by a page of flows. A flow's schedule is judged by what it was at the time, as claims and {@link plan}
   * have kept it, and what nobody kept is `unknown`.
   *
   * @throws VALIDATION_FAILED for wrong options; FLOW_NOT_FOUND; MIGRATION_PENDING
   */
  async audit(options: AuditOptions): Promise<AuditPage> {
    return auditFlows(this.session, { options });
  }
}
