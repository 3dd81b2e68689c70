export {
  destinationTypes,
  flowStatuses,
  flowTypeFaults,
  flowTypes,
  targetTypes,
  type DestinationType,
  type FlowStatus,
  type FlowType,
  type FlowTypeFault,
  type FlowTypeFields,
  type TargetType,
} from './flow';
export {
  activeStatuses,
  canTransition,
  executionStatuses,
  executionTransitions,
  executionTypes,
  isTerminal,
  statusesBefore,
  terminalStatuses,
  type ActiveStatus,
  type ExecutionStatus,
  type ExecutionType,
  type TerminalStatus,
} from './execution';
export { isJsonValue, isPlainObject, maxJsonDepth, type JsonObject, type JsonValue } from './json';
export {
  backupTypes,
  jobStatuses,
  scheduleExecutionStatuses,
  scheduleTypes,
  type BackupType,
  type JobStatus,
  type ScheduleExecutionStatus,
  type ScheduleType,
} from './platform';
export type { Optional } from './optional';
export { countJobs, outcomeOfJobs, type JobCounts } from './settlement';
export { isStorableTimestamp, timestampRange, toWholeSecond } from './timestamp';
