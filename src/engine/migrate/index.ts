export {
  ProtectionFlowsDataSource,
  type Connection,
  type FixedOptions,
  type MysqlOptions,
} from '../../typeorm/guarded-data-source';
export { historyTable } from '../history/history-table';
export { readHistory, type HistoryEntry } from '../history/history';
export { migrate, planMigrate, type MigrateOptions, type MigrateOutcome } from './migrate';
export { runPreflight } from './preflight';
export {
  restoreOrphans,
  type LeftReason,
  type LeftRows,
  type RestoreOrphansOptions,
  type RestoreOrphansResult,
} from './restore-orphans';
export { planRollback, rollback, type RollbackOptions } from './rollback';
export { readStatus } from './status';
export type { WishOptions } from './wishes';
export type {
  Finding,
  FindingEffect,
  KeyResult,
  MigratePlan,
  MigrateResult,
  MigrationStatus,
  PlannedStatement,
  PreflightResult,
  ProgressEvent,
  ProgressListener,
  RollbackPlan,
  RollbackResult,
  StatusResult,
} from './results';
export { declaredSchema, migrationList, probes } from '../../migrations';
export { adopt, type AdoptOptions } from '../adopt/adopt';
export type { AdoptKey, AdoptRepair, AdoptResult, Decision } from '../adopt/results';
