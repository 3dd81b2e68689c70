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
export { dataSourceOptions, type MysqlOptions } from './data-source-options';
export type { ConfigFault, FaultKind } from './faults';
export { connectionVariables } from './from-environment';
export { urlParameters } from './from-url';
export { defaultConfigFile, loadConnection, type ConnectionSources } from './load-connection';
export { optionNames, sslOptionNames, type OptionName } from './read-settings';
export { redact } from './redact';
export { withSessionSettings } from './session-settings';
export { sessionStatement, sqlMode } from './session-variables';
