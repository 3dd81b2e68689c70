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

/** The entities of the platform's tables, for reading. */
export const platformEntities = Object.values(platform);

/**
 * Every entity of this package, for `DataSourceOptions.entities`: its own two, then the platform's. All of them have
 * `synchronize: false`: on an application's DataSource neither `synchronize` nor `migration:generate` touches their
 * tables. Only the package's own migrations make its tables.
 */
export const entities = [ProtectionFlow, ProtectionFlowExecution, ...platformEntities];
