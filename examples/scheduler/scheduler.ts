import { setTimeout as delay } from 'node:timers/promises';
import { createRepositories, type Claim, type ProtectionFlowsDataSource } from '@sendense/protection-flows';
import { SimulatedBackupEngine } from './backup-engine';
import { errorFacts, isPassing, type DatabaseWatch } from './database-watch';
import { FlowRun, type RunContext } from './flow-run';
import { Housekeeping } from './housekeeping';
import type { Log } from './log';
import type { SchedulerSettings } from './settings';

/** A run and the promise of its end. */
interface UnderWay {
  readonly run: FlowRun;
  readonly ended: Promise<void>;
}

/**
 * Runs the flows whose time has come, and those that wait in the queue, until it is stopped. Any number of schedulers may
 * work on one database: each due run is claimed by one of them.
 */
export class Scheduler {
  private readonly givingUp = new AbortController();
  private readonly underWay = new Set<UnderWay>();
  private readonly context: RunContext;
  private readonly housekeeping: Housekeeping;

  constructor(
    dataSource: ProtectionFlowsDataSource,
    private readonly settings: SchedulerSettings,
    private readonly watch: DatabaseWatch,
    private readonly log: Log,
  ) {
    const repositories = createRepositories(dataSource);
    const engine = new SimulatedBackupEngine(settings, (sql, parameters) =>
      watch.persist(() => dataSource.query(sql, [...parameters]), this.givingUp.signal),
    );
    this.context = { repositories, engine, watch, settings, log };
    this.housekeeping = new Housekeeping(repositories, engine, watch, settings, log);
  }

  /**
   * Works until the signal is aborted; resolves when the runs under way are over, too. An error ends the look in which it
   * came up, not the scheduler.
   */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.watch.observe(() => this.claim());
        await this.watch.observe(() => this.housekeeping.work(signal));
      } catch (error) {
        if (!isPassing(error)) this.log('look-failed', errorFacts(error));
      }
      await delay(this.settings.pollMs, undefined, { signal }).catch(() => undefined);
    }
    await this.drain();
  }

  private async claim(): Promise<void> {
    const { dueFlows } = this.context.repositories;
    const { workerName: worker, maxRuns } = this.settings;
    const free = (): number => maxRuns - this.underWay.size;
    if (free() > 0) {
      const { claimed, skipped } = await dueFlows.claimDue({ worker, limit: free() });
      claimed.forEach((claim) => this.begin(claim));
      for (const { flowId, reason } of skipped) this.log('flow-skipped', { flow: flowId, reason });
    }
    if (free() > 0) {
      (await dueFlows.claimQueued({ worker, limit: free() })).forEach((claim) => this.begin(claim));
    }
  }

  private begin(claim: Claim): void {
    const run = new FlowRun(claim, this.context);
    const underWay: UnderWay = { run, ended: run.execute().finally(() => this.underWay.delete(underWay)) };
    this.underWay.add(underWay);
  }

  /** Lets the runs under way end; past the limit, what is left of them is cancelled. */
  private async drain(): Promise<void> {
    const { stopLimitMs } = this.settings;
    this.log('stopping', { runs: this.underWay.size, limit_ms: stopLimitMs });
    const ended = Promise.all([...this.underWay].map((one) => one.ended));
    const limit = new AbortController();
    await Promise.race([
      ended.then(() => limit.abort()),
      delay(stopLimitMs, undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    this.givingUp.abort();
    for (const { run } of this.underWay) run.stop();
    await ended;
  }
}
