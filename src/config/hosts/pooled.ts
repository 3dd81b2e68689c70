import type * as Mysql2 from 'mysql2';

/** How a pool answers who asks for a connection. */
export type Settled = (error: NodeJS.ErrnoException | null, connection?: Mysql2.PoolConnection) => void;

/** What TypeORM and the pools of this folder need of a pool. */
export interface PoolLike {
  getConnection(settled: Settled): void;
  end(ended: (error: NodeJS.ErrnoException | null) => void): void;
}

/** A connection of the pool, as a promise. */
export function connectionOf(pool: PoolLike): Promise<Mysql2.PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error || connection === undefined) reject(error ?? new Error('the pool gave no connection'));
      else resolve(connection);
    });
  });
}

/** Ends all of the pools; `ended` is told once, with the first error. */
export function endAll(
  pools: readonly PoolLike[],
  ended: (error: NodeJS.ErrnoException | null) => void,
): void {
  const ends = pools.map(
    (pool) =>
      new Promise<void>((resolve, reject) => {
        pool.end((error) => (error ? reject(error) : resolve()));
      }),
  );
  Promise.all(ends).then(() => ended(null), ended);
}
