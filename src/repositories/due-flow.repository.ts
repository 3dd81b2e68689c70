import { choice, count, declareArguments, id, name, optional, options as optionsOf } from '../arguments';
import { auditFlows, auditOptions, type AuditOptions, type AuditPage } from './due/audit';
import { type Claim, type ClaimOptions, type ClaimResult, claimDueFlows } from './due/claim-due';
import { claimQueuedRuns } from './due/claim-queued';
import { lookForDue, lookForQueued, noteFound } from './due/idle';
import { planFlows, selectUnplanned, type PlanResult, type ScheduleProblem } from './due/plan';
import { clearUnfitTimes, isLongSinceLooked } from './due/unfit';
import { instant, limitOf } from './input';
import { Repository } from './repository';
import type { Session } from './session';
import { traceClaim } from './tracing';

const hourMs = 3_600_000;
const longestMs = 10 * 365 * 24 * hourMs;
const planAtOnce = 500;
const limit = limitOf(1_000, 20);
const now = optional(instant, null);

const perRepository = optional(count({ min: 1, max: 1_000 }), null);

const nothing: ClaimResult = { claimed: [], queued: [], skipped: [] };

const readClaim = declareArguments('claimDue', {
  options: optionsOf({
    worker: name,
    limit,
    perRepository,
    overlap: optional(choice(['skip', 'queue']), 'skip'),
    missed: optional(choice(['run', 'skip']), 'run'),
    missedAfterMs: optional(count({ min: 0, max: longestMs }), hourMs),
    now,
  }),
});
const readQueued = declareArguments('claimQueued', {
  options: optionsOf({ worker: name, limit, perRepository }),
});
const readPlan = declareArguments('plan', { options: optionsOf({ now }) });
const readAudit = declareArguments('audit', { options: auditOptions });
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
        await this.planFrom(await clearUnfitTimes(this.session, settings.now));
      else if (ahead.unplanned) await this.planFrom(settings.now);
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
    return this.planFrom(await clearUnfitTimes(this.session, readPlan({ options }).options.now));
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
    return this.planFrom(null);
  }

  /**
   * Recomputes every run that should have been in a window, and says of each whether it began on time or late, was skipped
   * and why, or missed; by a page of flows. A flow's schedule is judged by what it was at the time, as claims and {@link plan}
   * have kept it, and what nobody kept is `unknown`.
   *
   * @throws VALIDATION_FAILED for wrong options; FLOW_NOT_FOUND; MIGRATION_PENDING
   */
  async audit(options: AuditOptions): Promise<AuditPage> {
    return auditFlows(this.session, readAudit({ options }).options);
  }

  private async planFrom(now: Date | null): Promise<PlanResult> {
    let planned = 0;
    const problems: ScheduleProblem[] = [];
    for (let after = ''; ;) {
      const flows = await selectUnplanned(this.session, after, planAtOnce);
      const last = flows.at(-1);
      if (last === undefined) return { planned, problems };
      const result = await planFlows(this.session, flows, now ?? last.now);
      planned += result.planned;
      problems.push(...result.problems);
      after = last.id;
    }
  }
}
