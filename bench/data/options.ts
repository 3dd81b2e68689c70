import type { ServerWish } from '../../src/testing';
import { defaultServers, list, numberOf, wishOf } from '../support/options';

/** The parts of `npm run bench:data`, in the order of measurement. */
export const dataParts = [
  'operations',
  'latest',
  'page',
  'guards',
  'recount',
  'tracing',
  'claims',
  'metrics',
  'history',
  'deletion',
] as const;

/** One of them. */
export type DataPart = (typeof dataParts)[number];

/** What `npm run bench:data` measures. */
export interface DataOptions {
  readonly servers: readonly ServerWish[];
  /** Executions of the 10,000 flows; a flow with a long history has as many for itself. */
  readonly rows: number;
  readonly parts: ReadonlySet<DataPart>;
}

function partsOf(names: readonly string[]): Set<DataPart> {
  const isPart = (name: string): name is DataPart => dataParts.some((part) => part === name);
  const unknown = names.filter((name) => !isPart(name));
  if (unknown.length > 0)
    throw new Error(`no parts: ${unknown.join(', ')}; there are ${dataParts.join(', ')}`);
  return new Set(names.length === 0 ? dataParts : names.filter(isPart));
}

/**
 * Reads BENCH_SERVERS (such as `mariadb-10.11,mysql-9.7`), BENCH_ROWS (such as `50000`; default: a million), and the
 * names of the parts (default: all).
 */
export function dataOptions(env: NodeJS.ProcessEnv, names: readonly string[]): DataOptions {
  return {
    servers: list(env.BENCH_SERVERS || defaultServers).map(wishOf),
    rows: numberOf(env.BENCH_ROWS || '1_000_000'),
    parts: partsOf(names),
  };
}
