import { BackupJob, BackupPolicy, BackupRepository, ReplicationSchedule, ScheduleExecution, VmGroupMembership, VmMachineGroup, VmReplicationContext } from './platform.entities';
import { ProtectionFlow } from './protection-flow.entity';
import { ProtectionFlowExecution } from './protection-flow-execution.entity';

export {
  BackupJob,
  BackupPolicy,
  BackupRepository,
  ProtectionFlow,
  ProtectionFlowExecution,
  ReplicationSchedule,
  ScheduleExecution,
  VmGroupMembership,
  VmMachineGroup,
  VmReplicationContext,
};

export { executionRelations, flowRelations, type ExecutionRow, type FlowRow } from './rows';

/** The entities of tables that the platform owns: to be read. */
export const platformEntities = [
  ReplicationSchedule,
  ScheduleExecution,
  VmMachineGroup,
  VmGroupMembership,
  VmReplicationContext,
  BackupRepository,
  BackupPolicy,
  BackupJob,
];

/**
 * Every entity of this package, for `DataSourceOptions.entities`: the two that it owns, then the platform's. None is
 * `synchronize: true`: on an application's DataSource neither `synchronize` nor `migration:generate` touches a table of
 * theirs; those of the package are made by its own migrations alone.
 */
export const entities = [ProtectionFlow, ProtectionFlowExecution, ...platformEntities];
