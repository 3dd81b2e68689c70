export type { WriteMode } from './known-right';
export { subscribers } from './protection-flows.subscriber';
export { validateExecution, validateFlow } from './validate';
