export {
  ProtectionFlowsDataSource,
  type Connection,
  type FixedOptions,
  type MysqlOptions,
} from './guarded-data-source';
export { historyTable, readHistory, type HistoryEntry } from './history';
export { migrate, planMigrate, type MigrateOptions, type MigrateOutcome } from './migrate';
export { runPreflight } from './preflight';
export { rollback, type RollbackOptions } from './rollback';
export { readStatus } from './status';
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
  RollbackResult,
  StatusResult,
} from './results';
export { declaredSchema, migrationList } from '../migrations';
