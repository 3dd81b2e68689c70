import type * as Mysql2 from 'mysql2';
import { ProtectionFlowsError, statementTooLarge } from '../errors';
import { settingDefaults } from '../config/connection-settings';

/** How a pool answers who asks for a connection. */
export type Settled = (error: NodeJS.ErrnoException | null, connection?: Mysql2.PoolConnection) => void;

/** What a pool and a pool cluster's namespace have in common. */
export interface HandsOutConnections {
  getConnection(settled: Settled): void;
}

/**
 * The options as mysql2 knows them, and the milliseconds that a wait for a connection may take: TypeORM's
 * `acquireTimeout`, of which mysql2 warns.
 */
export function withoutAcquireTimeout<Options>(options: Options): { options: Options; limitMs: number } {
  if (typeof options !== 'object' || options === null)
    return { options, limitMs: settingDefaults.acquireTimeoutMs };
  const { acquireTimeout, ...others } = options as { readonly acquireTimeout?: number };
  return { options: others as Options, limitMs: acquireTimeout ?? settingDefaults.acquireTimeoutMs };
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

/** Smaller statements than this many bytes are sent unseen: no server of use has a lower max_allowed_packet. */
const looksSmall = 16 * 1024;

/** A character is at most three bytes in UTF-8, and with a backslash before it at most two. */
const bytesPerCharacter = 3;
/** What is in the packet besides: the byte of the command, and for MySQL the number of query attributes, none in two bytes. */
const besidesStatement = 3;
/** What a number, a date or null takes, quotes and all. */
const bytesOfOther = 40;

/** No fewer bytes than the statement will have; without end for values whose form only the driver knows. */
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

/** A statement with its marks, as TypeORM or a caller of mysql2 hands it over. */
export type Statement = string | { readonly sql: string };
/** Its text; empty for a statement that is none, which is the driver's to refuse. */
export const sqlOf = (statement: Statement | undefined): string =>
  typeof statement === 'string' ? statement : (statement?.sql ?? '');

type Query = (statement: Statement, parameters?: unknown) => Promise<unknown>;

/**
 * Makes a connection refuse what its server would not take: a statement of max_allowed_packet bytes or more. The server would
 * answer by closing the connection, often before its error arrives, and everything that its transaction has done would be
 * undone. What the session's limit is, it is asked once, for the first statement of some size.
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
