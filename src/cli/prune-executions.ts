import { ProtectionFlowsError } from '../errors';
import type { ProtectionFlowsDataSource } from '../engine/migrate';
import { whereOf, type Where } from '../engine/migrate/results';
import {
  RetentionRepository,
  type PruneProgress,
  type PruneResult,
} from '../repositories/retention.repository';
import { groupedCount } from './output/counted';

/** Options of {@link pruneExecutions}; at least one of the first two. */
export interface PruneExecutionsOptions {
  /** Runs that are over go once they are older than this, in milliseconds. Default: their age does not matter. */
  readonly olderThanMs?: number;
  /** Runs that are over go beyond the newest so many of their flow. Default: their number does not matter. */
  readonly keepPerFlow?: number;
  /** How many runs one transaction deletes, at most. */
  readonly batchSize: number;
  /** Count what would go, and delete nothing. */
  readonly dryRun: boolean;
  /** Aborting it stops the prune between two batches, with INTERRUPTED. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PruneProgress) => void;
}

/** What a prune did, as `prune --json` prints it. */
export interface PruneReport extends Omit<PruneResult, 'dryRun'>, Where {
  readonly dry_run: boolean;
}

/**
 * Deletes old ended executions of every flow, in batches that are transactions of their own: it can be stopped
 * anywhere, and a rerun goes on.
 *
 * @throws ProtectionFlowsError INTERRUPTED with `details` {deleted, flows}; MIGRATION_PENDING where a table is missing;
 * CONNECTION_LOST, PRIVILEGE_MISSING, SERVER_READ_ONLY, TRANSACTION_ABORTED
 */
export async function pruneExecutions(
  dataSource: ProtectionFlowsDataSource,
  options: PruneExecutionsOptions,
): Promise<PruneReport> {
  const result = await new RetentionRepository(dataSource.manager).prune(options);
  if (!result.complete) throw interrupted(result);
  const { ok, complete, dryRun, deleted, kept, flows } = result;
  return { ok, ...whereOf(dataSource), complete, dry_run: dryRun, deleted, kept, flows };
}

function interrupted({ deleted, flows, dryRun }: PruneResult): ProtectionFlowsError {
  return new ProtectionFlowsError('INTERRUPTED', {
    message: dryRun
      ? 'interrupted by the caller'
      : `interrupted by the caller; ${groupedCount(deleted, 'execution')} deleted so far`,
    consequence: dryRun ? 'Nothing was changed.' : undefined,
    remedy: 'Run the command again: it goes on with what is left.',
    details: { deleted, flows },
  });
}
