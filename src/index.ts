import 'reflect-metadata';
import * as platform from './entities/platform.entities';

// Connect. The shared DataSource is that of `@sendense/protection-flows/data-source`
export { createDataSource } from './typeorm/create-data-source';
export { ProtectionFlowsDataSource, type Connection, type FixedOptions } from './typeorm/guarded-data-source';
export {
  loadConnection,
  redact,
  type ConnectionSettings,
  type ConnectionSources,
  type DataSourceConnection,
  type DeclaredType,
  type HostAddress,
  type KnownSettings,
  type KnownSsl,
  type Logging,
  type LogTopic,
  type SslSettings,
} from './config';

// Use a DataSource of your own
export { dataSourceOptions, type MysqlOptions } from './typeorm/data-source-options';
export { withSessionSettings, type UnfitCode, type UnfitListener } from './driver/session-settings';
export {
  entities,
  ProtectionFlow,
  ProtectionFlowExecution,
  type ExecutionRow,
  type FlowRow,
} from './entities';
/** The entities of the platform's tables, for reading: `platform.ReplicationSchedule` and so on. */
export { platform };
export { migrations } from './migrations';
export { subscribers, validateExecution, validateFlow, type WriteMode } from './validation';

// Read and write flows and their runs
export {
  createRepositories,
  DueFlowRepository,
  ExecutionRepository,
  FlowRepository,
  RetentionRepository,
  TargetRepository,
  type AuditedFlow,
  type AuditedRuns,
  type AuditFinding,
  type AuditOptions,
  type AuditPage,
  type AuditReason,
  type Backfill,
  type BackfilledRun,
  type BatchOptions,
  type BulkExecution,
  type BulkItem,
  type BulkResult,
  type Claim,
  type ClaimOptions,
  type ClaimResult,
  type ExecutionFilter,
  type ExecutionPage,
  type FlowChanges,
  type FlowFilter,
  type FlowNames,
  type FlowPage,
  type FlowProblem,
  type FlowSort,
  type FlowStatistics,
  type FlowSummary,
  type FlowView,
  type HistoryPage,
  type KeptExecutions,
  type Machine,
  type MachineJob,
  type NewBackupFlow,
  type NewExecution,
  type NewFlow,
  type NewReplicationFlow,
  type Outcome,
  type Page,
  type Pause,
  type PauseOptions,
  type PlanResult,
  type Progress,
  type PruneOptions,
  type PruneProgress,
  type PruneResult,
  type ReportBy,
  type ReportOptions,
  type ReportRow,
  type RecountedFlow,
  type RecountOptions,
  type RecountProgress,
  type RecountResult,
  type Repositories,
  type RetryOptions,
  type RetryPolicy,
  type RunProgress,
  type ScheduleProblem,
  type Settlement,
  type SkippedRun,
  type SkipReason,
  type TargetVm,
} from './repositories';
export {
  destinationTypes,
  executionStatuses,
  executionTypes,
  flowStatuses,
  flowTypes,
  statusesBefore,
  targetTypes,
  type BackupType,
  type DestinationType,
  type ExecutionStatus,
  type ExecutionType,
  type FlowStatus,
  type FlowType,
  type JobCounts,
  type JobStatus,
  type JsonObject,
  type Optional,
  type ScheduleExecutionStatus,
  type ScheduleType,
  type TargetType,
  type TerminalStatus,
} from './domain';

// Run flows
export {
  createWorker,
  type RunEnd,
  type RunFlow,
  type RunResult,
  type Worker,
  type WorkerEvents,
  type WorkerOptions,
  type WorkerRun,
} from './worker';
export {
  nextRun,
  nextRuns,
  scheduleFaults,
  type CronSchedule,
  type NoRunReason,
  type ScheduleFault,
} from './schedule';

// Bring the schema to a database, and prove that it is there
export {
  adopt,
  type AdoptKey,
  type AdoptOptions,
  type AdoptQuestion,
  type AdoptRepair,
  type AdoptResult,
  type Answers,
  type Decision,
} from './engine/adopt';
export {
  installGuards,
  keepPlan,
  migrate,
  planMigrate,
  planRollback,
  readGuards,
  readStatus,
  removeGuards,
  restoreOrphans,
  rollback,
  runPreflight,
  type Finding,
  type FindingEffect,
  type GuardResult,
  type GuardsResult,
  type GuardsState,
  type KeptPlan,
  type KeyResult,
  type LeftReason,
  type LeftRows,
  type MigrateOptions,
  type MigratePlan,
  type MigrateResult,
  type KeyStatus,
  type MigrationStatus,
  type PlannedStatement,
  type PreflightResult,
  type ProgressEvent,
  type ProgressListener,
  type RestoreOrphansOptions,
  type RestoreOrphansResult,
  type RollbackOptions,
  type RollbackPlan,
  type RollbackResult,
  type StatusResult,
  type WishOptions,
} from './engine/migrate';
export {
  verify,
  type CheckId,
  type CheckResult,
  type CheckStatus,
  type Evidence,
  type Verdict,
  type VerifyOptions,
  type VerifyReport,
} from './engine/verify';
export { checkSchema, type SchemaFit, type SchemaState } from './engine/verify/check-schema';
export type { WaitForSchemaOptions, WaitResult } from './engine/verify/wait-for-schema';
export { waitForSchema } from './typeorm/wait-for-schema';
export type { Database, Session } from './engine/session/database';
export type { SessionOptions } from './engine/session/migration-session';
export type { OwnConnection, OwnConnectionOptions } from './engine/server/open-connection';
export type { Choice } from './engine/repairs/repair';
export type { QuestionRow } from './engine/subject/parts';
export type { OrphanChoice } from './engine/orphans/context';
export type { Difference, DifferentObject } from './engine/schema/compare';
export type { Flavour, Server } from './engine/server/server';
export type { TableSize } from './engine/steps/alter-table';

// Tell errors apart
export {
  errorCodes,
  isPassing,
  isProtectionFlowsError,
  ProtectionFlowsError,
  validationFailed,
  type ErrorCode,
  type ErrorCodeInfo,
  type ErrorDetails,
  type ErrorParts,
  type ErrorReport,
  type ErrorStage,
  type FieldFault,
} from './errors';
export { fromServerError } from './validation/server-errors';
