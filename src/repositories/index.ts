export { createRepositories, type Repositories } from './create-repositories';
export type { Page } from './pages';
export type {
  AuditedFlow,
  AuditedRuns,
  AuditFinding,
  AuditOptions,
  AuditPage,
  AuditReason,
} from './due/audit';
export type { Claim, ClaimOptions, ClaimResult, SkippedRun } from './due/claim-due';
export type { SkipReason } from './due/ledger';
export type { PlanResult, ScheduleProblem } from './due/plan';
export { DueFlowRepository } from './due-flow.repository';
export { ExecutionRepository } from './execution.repository';
export type { ExecutionFilter, ExecutionPage, HistoryPage } from './executions/execution-list';
export type { NewExecution, Outcome, Progress } from './executions/execution-input';
export { retryPolicy, type RetryOptions, type RetryPolicy } from './executions/retry';
export type { Settlement } from './executions/jobs';
export type { Machine, MachineJob } from './progress/machines';
export type { RunProgress } from './progress/run-progress';
export { FlowRepository } from './flow.repository';
export type { Pause, PauseOptions } from './flows/pauses';
export type { BulkItem, BulkResult } from './flows/bulk-result';
export type { Backfill, BackfilledRun } from './flows/backfill';
export type { BulkExecution } from './flows/bulk-runs';
export type { ReportBy, ReportOptions, ReportRow } from './flows/report';
export type { FlowFilter } from './flows/flow-list';
export type { FlowChanges, NewBackupFlow, NewFlow, NewReplicationFlow } from './flows/write-flow';
export type { FlowSort } from './flows/flow-list';
export type { FlowPage } from './flows/flow-list';
export type { FlowNames, FlowView } from './flows/flow-view';
export type { FlowSummary } from './flows/summary';
export type { KeptExecutions } from './retention/prune';
export {
  RetentionRepository,
  type BatchOptions,
  type PruneOptions,
  type PruneProgress,
  type PruneResult,
} from './retention.repository';
export type {
  FlowStatistics,
  RecountedFlow,
  RecountOptions,
  RecountProgress,
  RecountResult,
} from './retention/recount';
export { TargetRepository, type FlowProblem, type TargetVm } from './target.repository';
