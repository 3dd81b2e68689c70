import type { ServerWish } from '../../src/testing';
import { defaultServers, list, numberOf, wishOf } from '../support/options';

/** What `npm run bench:data` measures. */
export interface DataOptions {
  readonly servers: readonly ServerWish[];
  /** Executions of the 10,000 flows; a flow with a long history has as many for itself. */
  readonly rows: number;
}

/** Reads BENCH_SERVERS (such as `mariadb-10.11,mysql-9.7`) and BENCH_ROWS (such as `50000`; default: a million). */
export function dataOptions(env: NodeJS.ProcessEnv): DataOptions {
  return {
    servers: list(env.BENCH_SERVERS || defaultServers).map(wishOf),
    rows: numberOf(env.BENCH_ROWS || '1_000_000'),
  };
}
