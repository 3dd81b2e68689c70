import { AdvancedConsoleLogger } from 'typeorm';
import type { ConnectionSettings } from '../config';
import { secretsOf, type StatementListener } from '../driver/connector';
import { ProtectionFlowsError } from '../errors';
import { optionsWith } from '../typeorm/data-source-options';
import { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { whereOf, type Where } from '../engine/migrate/results';
import type { RecountedFlow, RecountOptions, RecountResult } from '../repositories';
import {
  RetentionRepository,
  type PruneOptions,
  type PruneResult,
} from '../repositories/retention.repository';
import { counted } from './output/words';

/** TypeORM tells of a migration that failed whatever `logging` says; here the error is printed by the command. */
class QuietLogger extends AdvancedConsoleLogger {
  override logMigration(): void {}
}

/**
 * Connects with TypeORM, which the data layer needs; the caller destroys what it is given. No command reads or writes
 * rows through the entities: loading them would double the time to the first statement.
 */
export function openDataSource(
  settings: ConnectionSettings,
  onStatement?: StatementListener,
): Promise<ProtectionFlowsDataSource> {
  const options = optionsWith(settings, secretsOf(settings), onStatement);
  const connection = {
    options: { ...options, logger: new QuietLogger(options.logging), migrationsRun: false },
    declaredType: settings.declaredType,
  };
  return new ProtectionFlowsDataSource(() => connection, { entities: [], subscribers: [] }).initialize();
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
  options: PruneOptions,
): Promise<PruneReport> {
  const result = await new RetentionRepository(dataSource.manager).prune(options);
  if (!result.complete) throw pruneInterrupted(result);
  const { ok, complete, dryRun, deleted, kept, flows } = result;
  return { ok, ...whereOf(dataSource), complete, dry_run: dryRun, deleted, kept, flows };
}

function pruneInterrupted({ deleted, flows, dryRun }: PruneResult): ProtectionFlowsError {
  return new ProtectionFlowsError('INTERRUPTED', {
    message: dryRun
      ? 'interrupted by the caller'
      : `interrupted by the caller; ${counted(deleted, 'execution')} deleted so far`,
    consequence: dryRun ? 'Nothing was changed.' : undefined,
    remedy: 'Run the command again: it goes on with what is left.',
    details: { deleted, flows },
  });
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
  options: RecountOptions,
): Promise<RecountReport> {
  const result = await new RetentionRepository(dataSource.manager).recount(options);
  if (!result.complete) throw recountInterrupted(result);
  const { ok, dryRun, flows, recounted } = result;
  return { ok, ...whereOf(dataSource), dry_run: dryRun, flows, recounted };
}

function recountInterrupted({ flows, recounted, dryRun }: RecountResult): ProtectionFlowsError {
  const done = dryRun ? 'Nothing was changed' : `${counted(recounted.length, 'flow')} of them recounted`;
  return new ProtectionFlowsError('INTERRUPTED', {
    message: `the recount was stopped after ${counted(flows, 'flow')}`,
    consequence: `${done}; the others are as they were.`,
    remedy: 'Run protection-flows recount again.',
    details: { flows, recounted: recounted.length },
  });
}
