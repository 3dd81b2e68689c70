import 'reflect-metadata';

export { createDataSource, type DataSourceConnection } from './create-data-source';
export * from './domain';
export * from './entities';
export {
  errorCodes,
  fromServerError,
  isLostToAnother,
  isProtectionFlowsError,
  ProtectionFlowsError,
  validationFailed,
  type ErrorCode,
  type ErrorCodeInfo,
  type ErrorDetails,
  type ErrorParts,
  type ErrorReport,
  type ErrorStage,
  type FieldFault,
} from './errors';
export {
  loadConnection,
  dataSourceOptions,
  withSessionSettings,
  redact,
  type ConnectionSettings,
  type ConnectionSources,
  type KnownSettings,
  type KnownSsl,
} from './config';
export * from './migrator';
export { migrations } from './migrations';
export * from './repositories';
export * from './schedule';
export type { Server, Flavour } from './schema/server';
export * from './validation';
export * from './verify';
