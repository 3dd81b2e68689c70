export { flowTypeConstraint } from './validate';
export type { WriteMode } from './known-right';
export { ProtectionFlowsSubscriber, subscribers } from './protection-flows.subscriber';
export { validateExecution, validateFlow } from './validate';
