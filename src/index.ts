import 'reflect-metadata';

export { createDataSource, type DataSourceConnection } from './typeorm/create-data-source';
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
  redact,
  type ConnectionSettings,
  type ConnectionSources,
  type KnownSettings,
  type KnownSsl,
} from './config';
export { withSessionSettings } from './driver/session-settings';
export { dataSourceOptions } from './typeorm/data-source-options';
export * from './engine/migrate';
export { migrations } from './migrations';
export * from './repositories';
export * from './schedule';
export type { Server, Flavour } from './engine/server/server';
export * from './validation';
export * from './engine/verify';
