export { flowTypeConstraint } from './flow-type-rule';
export type { WriteMode } from './field-faults';
export { ProtectionFlowsSubscriber, subscribers } from './protection-flows.subscriber';
export { assertValidExecution, assertValidFlow, validateExecution, validateFlow } from './validate';
