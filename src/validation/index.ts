export { flowTypeConstraint } from './flow-type-rule';
export type { WriteMode } from './field-faults';
export { ProtectionFlowsSubscriber, subscribers } from './protection-flows.subscriber';
export type { RowFieldFault } from './statement-faults';
export { assertValidExecution, assertValidFlow, validateExecution, validateFlow } from './validate';
