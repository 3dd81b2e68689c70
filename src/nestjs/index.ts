export { httpStatuses, httpStatusOf } from './protection-flows-exception.filter';
export type {
  ProtectionFlowsModuleAsyncOptions,
  ProtectionFlowsModuleExtras,
  ProtectionFlowsModuleOptions,
  ProtectionFlowsOptionsFactory,
} from './options';
export { ProtectionFlowsModule } from './protection-flows.module';
export {
  ProtectionFlowsExceptionFilter,
  type ProtectionFlowsErrorBody,
} from './protection-flows-exception.filter';
