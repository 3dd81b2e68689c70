export * from './settlement';
export * from './values';
export * from './words';
