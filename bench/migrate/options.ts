import type { ServerWish } from '../../src/testing';
import { defaultServers, list, numberOf, wishOf } from '../support/options';

/** What `npm run bench:migrate` measures. */
export interface MigrateOptions {
  readonly servers: readonly ServerWish[];
  /** How often to measure each contestant. */
  readonly turns: number;
}

/** Reads BENCH_SERVERS (such as `mariadb-10.11,mysql-9.7`) and BENCH_TURNS (default: 15). */
export function migrateOptions(env: NodeJS.ProcessEnv): MigrateOptions {
  return {
    servers: list(env.BENCH_SERVERS || defaultServers).map(wishOf),
    turns: numberOf(env.BENCH_TURNS || '15'),
  };
}
