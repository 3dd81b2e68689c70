import { AdvancedConsoleLogger } from 'typeorm';
import type { ConnectionSettings } from '../config';
import { secretsOf, type StatementListener } from '../driver/connector';
import { ProtectionFlowsError, type ErrorDetails } from '../errors';
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

/** TypeORM logs a failed migration whatever `logging` says; here the command prints the error. */
class QuietLogger extends AdvancedConsoleLogger {
  override logMigration(): void {}
}

/**
 * Connects with TypeORM, for commands that use the data layer. The caller destroys the data source. It has no entities: no
 * command uses them, and loading them would double the time to the first statement.
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
 * Deletes old ended executions of every flow, each batch in a transaction of its own. It can be stopped at any time, and
 * a rerun goes on from there.
 *
 * @throws ProtectionFlowsError INTERRUPTED with `details` {deleted, flows}; MIGRATION_PENDING where a table is missing;
 * CONNECTION_LOST, PRIVILEGE_MISSING, SERVER_READ_ONLY, TRANSACTION_ABORTED
 */
export async function pruneExecutions(
  dataSource: ProtectionFlowsDataSource,
  options: PruneOptions,
): Promise<PruneReport> {
  const result = await new RetentionRepository(dataSource.manager).prune(options);
  const { ok, complete, dryRun, deleted, kept, flows } = result;
  if (!complete)
    throw interrupted('prune', result, `${counted(deleted, 'execution')} deleted`, { deleted, flows });
  return { ok, ...whereOf(dataSource), complete, dry_run: dryRun, deleted, kept, flows };
}

/** Creates the error for a command that was stopped. `done` is what it had done in the flows that it had read. */
function interrupted(
  command: 'prune' | 'recount',
  { flows, dryRun }: PruneResult | RecountResult,
  done: string,
  details: ErrorDetails['INTERRUPTED'],
): ProtectionFlowsError {
  return new ProtectionFlowsError('INTERRUPTED', {
    message: `the ${command} was stopped after ${counted(flows, 'flow')}`,
    consequence: dryRun ? 'Nothing was changed.' : `${done} so far; the others are as they were.`,
    remedy: `Run protection-flows ${command} again: it goes on with what is left.`,
    details,
  });
}

/** What a recount did, as `recount --json` prints it. */
export interface RecountReport extends Where {
  /** False for a dry run that found something. */
  readonly ok: boolean;
  readonly dry_run: boolean;
  /** Number of flows read. */
  readonly flows: number;
  /** The flows whose statistics were wrong, with the old and the new values; a dry run does not write the new ones. */
  readonly recounted: readonly RecountedFlow[];
}

/**
 * Makes the statistics of every flow agree with its executions, each flow in a transaction of its own. It can be stopped
 * at any time, and a rerun corrects the rest.
 *
 * @throws ProtectionFlowsError INTERRUPTED with `details` {flows, recounted}; MIGRATION_PENDING where a table is missing;
 * CONNECTION_LOST, PRIVILEGE_MISSING, SERVER_READ_ONLY, TRANSACTION_ABORTED
 */
export async function recountFlows(
  dataSource: ProtectionFlowsDataSource,
  options: RecountOptions,
): Promise<RecountReport> {
  const result = await new RetentionRepository(dataSource.manager).recount(options);
  const { ok, complete, dryRun, flows, recounted } = result;
  if (!complete)
    throw interrupted('recount', result, `${counted(recounted.length, 'flow')} recounted`, {
      flows,
      recounted: recounted.length,
    });
  return { ok, ...whereOf(dataSource), dry_run: dryRun, flows, recounted };
}
