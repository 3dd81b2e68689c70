import type { ConnectionSettings } from '../config';
import type { AdoptResult, ProtectionFlowsDataSource, WishOptions } from '../engine/migrate';
import type {
  MigratePlan,
  MigrateResult,
  PreflightResult,
  ProgressListener,
  RollbackPlan,
  RollbackResult,
  StatusResult,
} from '../engine/migrate/results';
import type { RestoreOrphansResult } from '../engine/migrate/restore-orphans';
import type { VerifyReport } from '../engine/verify/report';
import type { Reporter } from './output/reporter';
import type { PruneExecutionsOptions, PruneReport } from './prune-executions';

/** What the commands ask of the layer below. Every error that comes out of it is a ProtectionFlowsError. */
export interface Services {
  /** Connects, asks the server what it is, and returns an initialised DataSource; the caller destroys it. */
  openDataSource(settings: ConnectionSettings): Promise<ProtectionFlowsDataSource>;
  migrate(
    dataSource: ProtectionFlowsDataSource,
    options: WishOptions & { signal?: AbortSignal; onProgress?: ProgressListener },
  ): Promise<MigrateResult>;
  runPreflight(dataSource: ProtectionFlowsDataSource): Promise<PreflightResult>;
  planMigrate(dataSource: ProtectionFlowsDataSource, options: WishOptions): Promise<MigratePlan>;
  rollback(
    dataSource: ProtectionFlowsDataSource,
    options: {
      steps: number | 'all';
      discardRows: boolean;
      signal?: AbortSignal;
      onProgress?: ProgressListener;
    },
  ): Promise<RollbackResult>;
  planRollback(
    dataSource: ProtectionFlowsDataSource,
    options: { steps: number | 'all'; discardRows: boolean },
  ): Promise<RollbackPlan>;
  restoreOrphans(
    dataSource: ProtectionFlowsDataSource,
    options: { key?: string; signal?: AbortSignal; onProgress?: ProgressListener },
  ): Promise<RestoreOrphansResult>;
  adopt(
    dataSource: ProtectionFlowsDataSource,
    options: WishOptions & { repair: boolean; signal?: AbortSignal; onProgress?: ProgressListener },
  ): Promise<AdoptResult>;
  readStatus(dataSource: ProtectionFlowsDataSource): Promise<StatusResult>;
  prune(dataSource: ProtectionFlowsDataSource, options: PruneExecutionsOptions): Promise<PruneReport>;
  verify(dataSource: ProtectionFlowsDataSource, options: { strict: boolean }): Promise<VerifyReport>;
}

/** The results as text for a terminal. */
export type TextModule = typeof import('./output/text');

/** The results as Markdown for a pull request. */
export type MarkdownModule = typeof import('./output/markdown');

/** The demonstration on a private server. */
export interface DemoModule {
  /** Prints through the reporter as it goes; true when everything went as it should. */
  runDemo(reporter: Reporter, signal: AbortSignal): Promise<boolean>;
}
