import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** The package as it is shipped: what a program that depends on it loads. */
export function loadShipped(): typeof import('../../src') {
  const main = resolve(__dirname, '../../dist/index.js');
  return createRequire(__filename)(main) as typeof import('../../src');
}
