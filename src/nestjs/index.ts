export { httpStatuses, httpStatusOf } from './http-status';
export type {
  ProtectionFlowsModuleAsyncOptions,
  ProtectionFlowsModuleExtras,
  ProtectionFlowsModuleOptions,
  ProtectionFlowsOptionsFactory,
} from './module-options';
export { ProtectionFlowsModule } from './protection-flows.module';
export {
  ProtectionFlowsExceptionFilter,
  type ProtectionFlowsErrorBody,
} from './protection-flows-exception.filter';
