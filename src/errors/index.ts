export * from './codes';
export * from './details';
export * from './protection-flows-error';
export * from './server-errors';
export { statementTooLarge } from './server/connection-errors';
export * from './server/driver-error';
