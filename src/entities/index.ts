import * as platform from './platform.entities';
import { ProtectionFlow } from './protection-flow.entity';
import { ProtectionFlowExecution } from './protection-flow-execution.entity';

export * from './platform.entities';
export { flowRelations, ProtectionFlow, type FlowRow } from './protection-flow.entity';
export {
  executionRelations,
  ProtectionFlowExecution,
  type ExecutionRow,
} from './protection-flow-execution.entity';

/** The entities of tables that the platform owns: to be read. */
export const platformEntities = Object.values(platform);

/**
 * Every entity of this package, for `DataSourceOptions.entities`: the two that it owns, then the platform's. None is
 * `synchronize: true`: on an application's DataSource neither `synchronize` nor `migration:generate` touches a table of
 * theirs; those of the package are made by its own migrations alone.
 */
export const entities = [ProtectionFlow, ProtectionFlowExecution, ...platformEntities];
