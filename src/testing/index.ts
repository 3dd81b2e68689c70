export { connectionUrl, type DatabaseSettings, type ServerAddress } from './connection-url';
export {
  buildExecution,
  buildFlow,
  createExecution,
  createFlow,
  type BuiltExecution,
  type BuiltFlow,
  type ExecutionOverrides,
  type FlowOverrides,
} from './factories';
export {
  findServerInstallations,
  getServerInstallation,
  type ServerInstallation,
  type ServerWish,
} from './server-installation';
export {
  addToGroup,
  createBackupJob,
  createGroup,
  createPolicy,
  createRepository,
  createSchedule,
  createScheduleExecution,
  createVm,
  seedPlatformRows,
  type InsertedRow,
  type PlatformIds,
  type RowOverrides,
} from './platform-rows';
export {
  createPlatformTables,
  platformPresets,
  platformTableNames,
  type PlatformAge,
  type PlatformCollations,
  type PlatformPreset,
  type PlatformPresetName,
} from './platform-tables';
export { startPrivateServer, type PrivateServer, type PrivateServerOptions } from './private-server';
export {
  createThrowAwayDatabase,
  rolledBack,
  sessionOf,
  type ThrowAwayDatabase,
  type ThrowAwayDatabaseOptions,
} from './throw-away-database';
export type { Queryable } from '../engine/server/queryable';
