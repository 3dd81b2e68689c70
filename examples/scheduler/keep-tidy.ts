import type { Repositories, Worker } from '@sendense/protection-flows';
import type { SimulatedBackupEngine } from './backup-engine';
import { errorFacts, type Log } from './log';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What the cleaning needs. */
interface Tools {
  readonly repositories: Repositories;
  readonly engine: SimulatedBackupEngine;
  /** Null: nothing is deleted. */
  readonly keepDays: number | null;
  readonly log: Log;
}

/** Ends the jobs of dead programs' runs, and deletes old executions once an hour. Any number of schedulers may do so. */
export function keepTidy(worker: Worker, { repositories, engine, keepDays, log }: Tools): void {
  const failed = (error: unknown): void => log('tidying-failed', errorFacts(error));
  const abandon = async (id: string): Promise<void> => {
    const execution = await repositories.executions.find(id);
    await engine.abandon(execution?.created_job_ids ?? []);
    log('run-reaped', { execution: id, worker: String(execution?.execution_metadata?.['worker']) });
  };
  worker.on('reaped', (id) => void abandon(id).catch(failed));
  if (keepDays === null) return;
  const prune = async (): Promise<void> => {
    const { deleted } = await repositories.retention.prune({ olderThanMs: keepDays * dayMs });
    log('pruned', { executions: deleted });
  };
  void prune().catch(failed);
  setInterval(() => void prune().catch(failed), hourMs).unref();
}
