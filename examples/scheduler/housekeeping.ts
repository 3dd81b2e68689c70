import type { Repositories } from '@sendense/protection-flows';
import type { SimulatedBackupEngine } from './backup-engine';
import type { DatabaseWatch } from './database-watch';
import type { Log } from './log';
import type { SchedulerSettings } from './settings';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What schedulers do besides running flows. Any number of them may do it at once. */
export class Housekeeping {
  private reapedAt = -Infinity;
  private prunedAt = -Infinity;

  constructor(
    private readonly repositories: Repositories,
    private readonly engine: SimulatedBackupEngine,
    private readonly watch: DatabaseWatch,
    private readonly settings: Pick<SchedulerSettings, 'silenceMs' | 'keepDays'>,
    private readonly log: Log,
  ) {}

  /** Does what its time has come for. */
  async work(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const { silenceMs, keepDays } = this.settings;
    if (now - this.reapedAt >= silenceMs / 2 && this.mayJudgeSilence(now)) {
      await this.reap();
      this.reapedAt = now;
    }
    if (keepDays !== null && now - this.prunedAt >= hourMs) {
      const { deleted } = await this.repositories.retention.prune({ olderThanMs: keepDays * dayMs, signal });
      this.log('pruned', { executions: deleted });
      this.prunedAt = now;
    }
  }

  /** While the database was away, nobody could give a sign of life: that time does not count as silence. */
  private mayJudgeSilence(now: number): boolean {
    const { isAway, backAt } = this.watch;
    if (isAway) return false;
    return backAt === null || now - backAt >= this.settings.silenceMs;
  }

  /** Ends the runs of schedulers that are gone, and the jobs that went with them. */
  private async reap(): Promise<void> {
    const { executions } = this.repositories;
    for (const id of await executions.reapStale({ silenceMs: this.settings.silenceMs })) {
      const execution = await executions.find(id);
      await this.engine.abandon(execution?.created_job_ids ?? []);
      this.log('run-reaped', { execution: id, worker: String(execution?.execution_metadata?.['worker']) });
    }
  }
}
