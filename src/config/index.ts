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
export type { ConfigFault, FaultKind } from './option-reader';
export { settingsFromProgram, type KnownSettings, type KnownSsl } from './from-program';
export {
  checkConnection,
  defaultConfigFile,
  loadConnection,
  settingsOf,
  type ConnectionSources,
  type DataSourceConnection,
} from './load-connection';
export { redact } from './redact';
export {
  settingNames,
  settingsTable,
  spelling,
  type SettingName,
  type SettingSource,
} from './settings-table';
