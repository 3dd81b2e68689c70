export * from './read-arguments';
export * from './readers';
export * from './text';
