import { ProtectionFlowsError } from '../errors';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { whereOf, type Where } from '../engine/migrate/results';
import {
  RetentionRepository,
  type RecountedFlow,
  type RecountProgress,
  type RecountResult,
} from '../repositories';
import { counted } from './output/words';

/** Options of {@link recountFlows}. */
export interface RecountFlowsOptions {
  /** Tell what is wrong, and change nothing. */
  readonly dryRun: boolean;
  /** Aborting it stops the recount between two batches, with INTERRUPTED. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RecountProgress) => void;
}

/** What a recount did, as `recount --json` prints it. */
export interface RecountReport extends Where {
  /** False for a dry run that found something. */
  readonly ok: boolean;
  readonly dry_run: boolean;
  /** Flows looked at. */
  readonly flows: number;
  /** The flows whose statistics were wrong: what they were, and are now; with `dry_run`, would be. */
  readonly recounted: readonly RecountedFlow[];
}

/**
 * Makes the statistics of every flow agree with its executions, in transactions of one flow each: it can be stopped
 * anywhere, and a rerun goes on.
 *
 * @throws ProtectionFlowsError INTERRUPTED with `details` {flows, recounted}; MIGRATION_PENDING where a table is missing;
 * CONNECTION_LOST, PRIVILEGE_MISSING, SERVER_READ_ONLY, TRANSACTION_ABORTED
 */
export async function recountFlows(
  dataSource: ProtectionFlowsDataSource,
  options: RecountFlowsOptions,
): Promise<RecountReport> {
  const result = await new RetentionRepository(dataSource.manager).recount(options);
  if (!result.complete) throw interrupted(result);
  const { ok, dryRun, flows, recounted } = result;
  return { ok, ...whereOf(dataSource), dry_run: dryRun, flows, recounted };
}

function interrupted({ flows, recounted, dryRun }: RecountResult): ProtectionFlowsError {
  const done = dryRun ? 'Nothing was changed' : `${counted(recounted.length, 'flow')} of them recounted`;
  return new ProtectionFlowsError('INTERRUPTED', {
    message: `the recount was stopped after ${counted(flows, 'flow')}`,
    consequence: `${done}; the others are as they were.`,
    remedy: 'Run protection-flows recount again.',
    details: { flows, recounted: recounted.length },
  });
}
