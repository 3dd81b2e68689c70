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
import { planAll, type PlanResult, clearUnfitTimes, isTimeToCheck } from './due/plan';
import { instant } from './input';
import { Repository, type Session } from './session';
import { traceClaim } from './tracing';
import type { DataSource } from 'typeorm';
import { withIndex } from './statements';

/** The DataSources whose last claim of due flows, or of queued runs, found nothing. */
const idle = { due: new WeakSet<DataSource>(), queue: new WeakSet<DataSource>() };

/** Remembers whether a claim found anything. */
function noteFound({ manager: { connection } }: Session, where: keyof typeof idle, found: boolean): void {
  if (found) idle[where].delete(connection);
  else idle[where].add(connection);
}

/**
 * True if the last claim found nothing. The next claim then looks first, with one statement and no transaction. Inside a
 * caller's transaction it does not look, because the snapshot may be old.
 */
const isIdle = ({ isJoined, manager: { connection } }: Session, where: keyof typeof idle): boolean =>
  !isJoined && idle[where].has(connection);

/**
 * Returns whether a claim may find due flows, and flows without a time. Both may be there unless the last claim found
 * nothing. One row answers both: past times and NULL are neighbours in the index, and in descending order due times come
 * first.
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

/** Returns whether a claim may find queued runs. */
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
 * Claims the runs that are due or queued. Any number of schedulers may use it at once.
 *
 * Guarantee: one scheduler claims each due run (a claim skips locked rows). The run and the flow's next time are written in
 * one transaction. A flow never has two runs under way.
 */
export class DueFlowRepository extends Repository {
  /**
   * Claims due flows, the longest due first; the caller runs the claimed runs. A flow that missed several times runs once.
   * If fewer flows are due than `limit`, it also plans flows without a next time, and once in 30 seconds does all of
   * {@link plan}.
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
      if (isTimeToCheck(this.session))
        await planAll(this.session, await clearUnfitTimes(this.session, settings.now));
      else if (ahead.unplanned) await planAll(this.session, settings.now);
    } catch (error) {
      // The claimed runs are committed, and throwing would lose them; a lasting fault shows once a claim finds nothing
      if (found === 0 || this.session.isJoined) throw error;
    }
    return result;
  }

  /**
   * Begins queued runs of flows that have no run under way, the oldest first; the caller runs them.
   *
   * @param options `worker`: who claims; `limit`: 1 to 1,000, default 20; `perRepository`: as for {@link claimDue}
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
   * Sets next_execution_time of every enabled flow that has a schedule and no time: after raw SQL, after a schedule was
   * enabled or repaired, after the parent of a chained schedule ran. Before that, it clears times that are wrong because
   * another program changed the flow's schedule, disabled the flow, or changed the schedule's expression, time zone or state.
   * Flows that are due stay due, and right times are not written.
   *
   * @param options `now`: default the server's time
   * @returns how many flows got a time, and the schedules that should give times but do not
   */
  async plan(options: { readonly now?: Date | undefined } = {}): Promise<PlanResult> {
    return planAll(this.session, await clearUnfitTimes(this.session, readPlan({ options }).options.now));
  }

  /** Computes the next times of a schedule's flows again, after the schedule was changed. Flows that are due stay due. */
  async replan(scheduleId: string): Promise<PlanResult> {
    await this.session.write(
      `UPDATE protection_flows SET next_execution_time = NULL
        WHERE schedule_id = ? AND enabled = 1 AND next_execution_time > CURRENT_TIMESTAMP`,
      [readReplan({ scheduleId }).scheduleId],
    );
    return planAll(this.session, null);
  }

  /**
   * Computes every run that was due in a window, for a page of flows. Reports whether it began on time, began late, was
   * skipped (with the reason) or was missed. Uses the schedules of the time, as claims and {@link plan} stored them; where
   * nothing was stored, the finding is `unknown`.
   *
   * @throws VALIDATION_FAILED for wrong options; FLOW_NOT_FOUND; MIGRATION_PENDING
   */
  async audit(options: AuditOptions): Promise<AuditPage> {
    return auditFlows(this.session, { options });
  }
}
