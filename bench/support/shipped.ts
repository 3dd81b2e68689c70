import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const load = (door: string): unknown => createRequire(__filename)(resolve(__dirname, '../../dist', door));

/** The package as it is shipped: what a program that depends on it loads. */
export const loadShipped = () => load('index.js') as typeof import('../../src');

/** Its metrics. */
export const loadShippedMetrics = () => load('metrics/index.js') as typeof import('../../src/metrics');
