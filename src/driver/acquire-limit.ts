import type * as Mysql2 from 'mysql2';
import { ProtectionFlowsError } from '../errors';
import { settingDefaults } from '../config/connection-settings';

type Settled = (error: NodeJS.ErrnoException | null, connection?: Mysql2.PoolConnection) => void;

/** What a pool and a pool cluster's namespace have in common. */
export interface HandsOutConnections {
  getConnection(settled: Settled): void;
}

/** Options of mysql2's, with TypeORM's `acquireTimeout`, which mysql2 does not know and warns of. */
export interface WithAcquireTimeout {
  readonly acquireTimeout?: number;
}

/** The options as mysql2 knows them, and the milliseconds that a wait for a connection may take. */
export function withoutAcquireTimeout<Options>(options: Options): { options: Options; limitMs: number } {
  const { acquireTimeout, ...others } = (
    typeof options === 'object' ? { ...options } : {}
  ) as WithAcquireTimeout;
  return {
    options: typeof options === 'object' ? (others as Options) : options,
    limitMs: acquireTimeout ?? settingDefaults.acquireTimeoutMs,
  };
}

function poolExhausted(poolSize: number | null, waitedMs: number): ProtectionFlowsError {
  const all = poolSize === null ? 'a connection' : `one of the ${poolSize} connections of the pool`;
  return new ProtectionFlowsError('POOL_EXHAUSTED', {
    message: `${all} was waited for ${waitedMs} ms (acquireTimeout), and all of them stayed in use`,
    remedy:
      'Inside of a transaction, call repository.withManager(manager): without it, the call waits for a connection that its own transaction holds. Release each query runner. Where so much is done at once, raise poolSize.',
    details: { poolSize, waitedMs },
  });
}

/**
 * Gives each wait for a connection of a used-up pool an end: mysql2's own has none. A pool's wait begins where it puts
 * the caller into its queue, so that connecting keeps the limit of its own; a namespace of a cluster does not tell that,
 * and there it begins with the call. A connection that comes too late goes back at once.
 */
export function limitWaiting(source: Mysql2.Pool | Mysql2.PoolNamespace, limitMs: () => number): void {
  const plain = source as unknown as HandsOutConnections;
  const getConnection = plain.getConnection.bind(source);
  const pool = 'config' in source ? source : null;
  plain.getConnection = (settled) => {
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const startWaiting = (): void => {
      timer = setTimeout(() => {
        isOver = true;
        settled(poolExhausted(pool?.config.connectionLimit ?? null, limitMs()));
      }, limitMs());
    };
    if (pool === null) startWaiting();
    else pool.once('enqueue', startWaiting);
    getConnection((error, connection) => {
      clearTimeout(timer);
      if (isOver) connection?.release();
      else settled(error, connection);
    });
    // It is told before getConnection() returns, or not at all
    pool?.off('enqueue', startWaiting);
  };
}
