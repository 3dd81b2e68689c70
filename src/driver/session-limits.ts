import type * as Mysql2 from 'mysql2';
import { ProtectionFlowsError, statementTooLarge } from '../errors';
import { settingDefaults } from '../config/connection-settings';

/** The callback that a pool passes a connection or an error to. */
export type Settled = (error: NodeJS.ErrnoException | null, connection?: Mysql2.PoolConnection) => void;

/** The function that a pool and the namespace of a pool cluster both have. */
export interface HandsOutConnections {
  getConnection(settled: Settled): void;
}

/**
 * Splits options into those that mysql2 knows and `limitMs`, the longest wait for a connection: TypeORM's `acquireTimeout`,
 * which mysql2 would warn of.
 */
export function withoutAcquireTimeout<Options>(options: Options): { options: Options; limitMs: number } {
  if (typeof options !== 'object' || options === null)
    return { options, limitMs: settingDefaults.acquireTimeoutMs };
  const { acquireTimeout, ...others } = options as { readonly acquireTimeout?: number };
  return { options: others as Options, limitMs: acquireTimeout ?? settingDefaults.acquireTimeoutMs };
}

function poolExhausted(poolSize: number | null, waitedMs: number): ProtectionFlowsError {
  const size = poolSize === null ? '' : ` of the pool (${poolSize})`;
  return new ProtectionFlowsError('POOL_EXHAUSTED', {
    message: `all connections${size} stayed in use for ${waitedMs} ms (acquireTimeout)`,
    remedy:
      'Inside of a transaction, call repository.withManager(manager): without it, the call waits for a connection that its own transaction holds. Release each query runner. If so much work is done at once, raise poolSize.',
    details: { poolSize, waitedMs },
  });
}

/**
 * Limits each wait for a connection of an exhausted pool, which mysql2 does not. The limit counts from when a pool queues the
 * caller, so that connecting has its own limit. The namespace of a cluster does not tell that; there it counts from the
 * call. A connection that comes too late is released at once.
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
    // The event comes before getConnection() returns, or never
    pool?.off('enqueue', startWaiting);
  };
}

/** Statements of fewer bytes are sent unchecked: no useful server has a lower max_allowed_packet. */
const looksSmall = 16 * 1024;

/** The most bytes of a UTF-16 unit in UTF-8: 3; an escaped one has 2, the backslash included. */
const bytesPerCharacter = 3;
/** The other bytes of the packet: one for the command, and on MySQL two for the query attributes, of which there are none. */
const besidesStatement = 3;
/** The most bytes of a number, a date or null, with quotes. */
const bytesOfOther = 40;

/** An upper bound for the bytes of the statement; Infinity for values whose form only the driver knows. */
function atMostBytes(sql: string, parameters: unknown): number {
  let bytes = sql.length * bytesPerCharacter;
  if (parameters === undefined) return bytes;
  if (!Array.isArray(parameters)) return Infinity;
  for (const value of parameters as unknown[]) {
    if (typeof value === 'string') bytes += value.length * bytesPerCharacter + 2;
    else if (typeof value === 'object' && value !== null && !(value instanceof Date)) return Infinity;
    else bytes += bytesOfOther;
  }
  return bytes;
}

/** A statement with placeholders, as TypeORM or a caller of mysql2 gives it. */
export type Statement = string | { readonly sql: string };
/** Its text; empty for a value that is no statement, which the driver refuses. */
export const sqlOf = (statement: Statement | undefined): string =>
  typeof statement === 'string' ? statement : (statement?.sql ?? '');

type Query = (statement: Statement, parameters?: unknown) => Promise<unknown>;

/**
 * Makes a connection refuse a statement of max_allowed_packet bytes or more. The server would close the connection, often
 * before its error arrives, and roll back the open transaction. The connection asks the session's limit once, before the
 * first statement that may be large.
 */
export function refuseTooLarge(connection: Mysql2.PoolConnection): void {
  const wrapper = connection.promise() as unknown as { query: Query };
  const query = wrapper.query.bind(wrapper);
  let limit: Promise<number> | undefined;
  const ask = async (): Promise<number> => {
    const [rows] = (await query('SELECT @@max_allowed_packet AS bytes')) as [{ bytes: number | string }[]];
    return Number(rows[0]?.bytes);
  };
  wrapper.query = (statement, parameters) => {
    const sql = sqlOf(statement);
    if (atMostBytes(sql, parameters) < looksSmall) return query(statement, parameters);
    limit ??= ask();
    return limit.then(
      (most) => {
        const bytes = Buffer.byteLength(connection.format(sql, parameters as unknown[]));
        if (bytes + besidesStatement >= most) throw statementTooLarge(bytes, most);
        return query(statement, parameters);
      },
      () => {
        limit = undefined;
        return query(statement, parameters);
      },
    );
  };
}
