export * from './connection-settings';
export * from './from-objects';
export * from './load-connection';
export type { ConfigFault, FaultKind } from './option-reader';
export * from './settings-table';
