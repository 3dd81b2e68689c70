export type { HistoryEntry } from '../history/history';
export { installGuards, readGuards, removeGuards, type GuardsResult } from '../guards/change-guards';
export type { GuardResult } from '../guards/read-guards';
export { keepPlan, migrate, planMigrate, type MigrateOptions } from './migrate';
export type { KeptPlan } from './kept-plan';
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
  GuardsState,
  KeyResult,
  MigratePlan,
  MigrateResult,
  KeyStatus,
  MigrationStatus,
  PlannedStatement,
  PreflightResult,
  ProgressEvent,
  ProgressListener,
  RollbackPlan,
  RollbackResult,
  StatusResult,
} from './results';
