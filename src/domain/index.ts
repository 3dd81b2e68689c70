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
} from './words';
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
} from './words';
export { isJsonValue, isPlainObject, maxJsonDepth, type JsonObject, type JsonValue } from './values';
export {
  backupTypes,
  jobStatuses,
  scheduleExecutionStatuses,
  scheduleTypes,
  type BackupType,
  type JobStatus,
  type ScheduleExecutionStatus,
  type ScheduleType,
} from './words';
export type { Optional } from './values';
export { countJobs, outcomeOfJobs, type JobCounts } from './settlement';
export { isStorableTimestamp, timestampRange, toWholeSecond } from './values';
