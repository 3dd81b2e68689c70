import type { ProtectionFlow } from './protection-flow.entity';
import type { ProtectionFlowExecution } from './protection-flow-execution.entity';

/** The relations of a flow: there where TypeORM was asked to load them, and never in what the repositories give. */
export const flowRelations = ['repository', 'policy', 'schedule', 'executions'] as const;

/** The relations of an execution; see {@link flowRelations}. */
export const executionRelations = ['flow', 'schedule_execution'] as const;

/** A flow as it is stored: its columns, without relations. */
export type FlowRow = Omit<ProtectionFlow, (typeof flowRelations)[number]>;

/** An execution as it is stored: its columns, without relations. */
export type ExecutionRow = Omit<ProtectionFlowExecution, (typeof executionRelations)[number]>;
