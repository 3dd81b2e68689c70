export { httpStatuses, httpStatusOf } from '../errors';
export type {
  ProtectionFlowsModuleAsyncOptions,
  ProtectionFlowsModuleExtras,
  ProtectionFlowsModuleOptions,
  ProtectionFlowsOptionsFactory,
} from './options';
export {
  ProtectionFlowsHealth,
  type ProtectionFlowsHealthOptions,
  type ProtectionFlowsHealthState,
} from './health';
export { OnFlowDue, type OnFlowDueOptions } from './on-flow-due';
export { ProtectionFlowsModule } from './protection-flows.module';
export {
  ProtectionFlowsExceptionFilter,
  type ProtectionFlowsErrorBody,
} from './protection-flows-exception.filter';
