export {
  connectionSettings,
  logTopics,
  settingDefaults,
  type ConnectionSettings,
  type DeclaredType,
  type HostAddress,
  type Logging,
  type LogTopic,
  type RequiredSetting,
  type SslSettings,
} from './connection-settings';
export { dataSourceOptions, type MysqlOptions } from '../driver/data-source-options';
export type { ConfigFault, FaultKind } from './faults';
export { settingsFromProgram, type KnownSettings, type KnownSsl } from './from-program';
export {
  areSources,
  checkSources,
  defaultConfigFile,
  loadConnection,
  type ConnectionSources,
} from './load-connection';
export { withOverrides } from './overrides';
export { redact } from './redact';
export {
  settingNames,
  settingsTable,
  spelling,
  type SettingName,
  type SettingSource,
} from './settings-table';
export { withSessionSettings } from '../driver/session-settings';
export { sessionStatement, sqlMode } from '../driver/session-variables';
