import type { ServerWish } from '../../src/testing';
import { defaultServers, list, numberOf, wishOf } from '../support/options';

/** What `npm run bench:keys` measures. */
export interface BenchOptions {
  readonly servers: readonly {
    readonly wish: ServerWish;
    readonly sizes: readonly { readonly rows: number; readonly rounds: number }[];
  }[];
}

const defaultSizes = [100_000, 1_000_000, 5_000_000];
const defaultRounds = 5;
/** At this size a plain ALTER takes minutes: the default is one server and fewer rounds. */
const largest = { rows: 5_000_000, server: 'mariadb-10.11', rounds: 3 };

/** Reads BENCH_SERVERS (such as `mariadb-10.11,mysql-9.7`), BENCH_ROWS (such as `100000,1000000`), BENCH_ROUNDS. */
export function benchOptions(env: NodeJS.ProcessEnv): BenchOptions {
  const wanted = env.BENCH_ROWS ? list(env.BENCH_ROWS).map(numberOf) : null;
  const roundsAt = (rows: number): number => {
    if (env.BENCH_ROUNDS) return numberOf(env.BENCH_ROUNDS);
    return rows < largest.rows ? defaultRounds : largest.rounds;
  };
  return {
    servers: list(env.BENCH_SERVERS || defaultServers).map((name) => ({
      wish: wishOf(name),
      sizes: (wanted ?? defaultSizes.filter((rows) => rows < largest.rows || name === largest.server))
        .sort((one, other) => one - other)
        .map((rows) => ({ rows, rounds: roundsAt(rows) })),
    })),
  };
}
