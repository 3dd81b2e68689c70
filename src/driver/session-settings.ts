import type * as Mysql2 from 'mysql2';
import { callback, declareArguments, optional, type Reader, that } from '../arguments';
import { settingDefaults } from '../config/connection-settings';
import { fromServerError, withoutValues, ProtectionFlowsError } from '../errors';
import {
  limitWaiting,
  refuseTooLarge,
  sqlOf,
  withoutAcquireTimeout,
  type HandsOutConnections,
  type Statement,
} from './session-limits';
import { sessionStatement } from './session-variables';

/** Why a session is unfit: its server is read-only now, or not a working member of its cluster. */
export type UnfitCode = 'SERVER_READ_ONLY' | 'SERVER_NOT_READY';

/** Called when a session turns out to be unfit: its server would refuse other statements too. */
export type UnfitListener = (connection: Mysql2.PoolConnection, code: UnfitCode) => void;

/** 1792 is about one transaction, 3989 about one database: the server itself need not be read-only. */
const ofLessThanTheServer = new Set([1792, 3989]);

function unfitCode(error: unknown): UnfitCode | null {
  const { errno } = (error ?? {}) as { errno?: number };
  if (errno === undefined || ofLessThanTheServer.has(errno)) return null;
  const code = fromServerError(error)?.code;
  return code === 'SERVER_READ_ONLY' || code === 'SERVER_NOT_READY' ? code : null;
}

/** True if the server or the network has closed the connection; the server does so after 1153, a packet that is too large. */
function isClosed(error: unknown): boolean {
  const { errno, fatal } = (error ?? {}) as { errno?: number; fatal?: boolean };
  return errno === 1153 || fatal === true;
}

/**
 * Makes a pooled connection close instead of going back into its pool, which would hand it out again, after its server has
 * refused a statement as read-only or not ready, or has closed it. (When an address moves to another server, old sessions
 * stay with the demoted one.) It watches the promise wrapper, which all statements of TypeORM go through. It also removes the
 * values of a statement from its error.
 */
function closeWhenUnfit(connection: Mysql2.PoolConnection, onUnfit: UnfitListener): void {
  let isUnfit = false;
  const wrapper = connection.promise() as unknown as {
    query: (...parameters: unknown[]) => Promise<unknown>;
  };
  const query = wrapper.query.bind(wrapper);
  wrapper.query = (...parameters) => {
    const answer = query(...parameters);
    answer.catch((error: unknown) => {
      withoutValues(error, sqlOf(parameters[0] as Statement));
      isUnfit ||= isClosed(error);
      const code = unfitCode(error);
      if (code === null) return;
      isUnfit = true;
      onUnfit(connection, code);
    });
    return answer;
  };
  const release = connection.release.bind(connection);
  connection.release = () => (isUnfit ? connection.destroy() : release());
}

/** Makes the driver convert dates in UTC, the session's time zone: any other would shift every time. `options` may be a URL. */
function inUtc<Options>(options: Options): Options {
  if (typeof options !== 'string')
    return typeof options === 'object' ? { ...options, timezone: 'Z' } : options;
  const url = new URL(options);
  url.searchParams.set('timezone', 'Z');
  return url.href as Options;
}

/** Connections that have the settings and keep them; pools that set them. */
const settledSessions = new WeakSet<object>();

function sessionError(cause: Mysql2.QueryError): Error {
  if (cause.errno === undefined || cause.fatal) return cause;
  const known = fromServerError(cause);
  if (known !== null) return known;
  return new ProtectionFlowsError('QUERY_FAILED', {
    message: `the server refused the session settings (${cause.code} ${cause.errno}); the connection was closed unused`,
    consequence: 'Nothing ran: no statement is executed in a session without them.',
    remedy: `Find out why the server, or a proxy in front of it, refuses: ${sessionStatement}`,
    details: { errno: cause.errno, code: cause.code, sql: sessionStatement },
    cause,
  });
}

/**
 * Makes `promise()` of a connection return the same wrapper each time. TypeORM calls it for each statement, and mysql2 would
 * make a new one, which takes longer than all other work of the program on a small statement.
 */
function wrapOnce(connection: Mysql2.PoolConnection): void {
  const wrap = connection.promise.bind(connection);
  const wrapper = wrap();
  connection.promise = (promiseImplementation) =>
    promiseImplementation === undefined ? wrapper : wrap(promiseImplementation);
}

/**
 * Makes a connection set the settings again after a call that loses them: `reset`, as for mysql2's option `resetOnRelease`,
 * and `changeUser`. Their statement is queued at once, so that no other comes before it.
 */
function keepSettings(connection: Mysql2.Connection): void {
  const plain = connection as unknown as Partial<
    Record<'reset' | 'changeUser', (...given: unknown[]) => unknown>
  >;
  for (const name of ['reset', 'changeUser'] as const) {
    const forget = plain[name]?.bind(connection);
    if (forget === undefined) continue;
    plain[name] = (...given) => {
      const told = given.at(-1);
      let failure: unknown = null;
      const others = typeof told === 'function' ? given.slice(0, -1) : given;
      forget(...others, (error: unknown) => (failure = error));
      connection.query(sessionStatement, (refusal) => {
        if (refusal !== null) connection.destroy();
        if (typeof told === 'function') (told as (error: unknown) => void)(failure ?? refusal);
      });
    };
  }
}

/**
 * Makes `source` hand out only connections whose session has the settings. The pool's `connection` event is no place for
 * that: it cannot hold a connection back when the statement fails.
 */
function settleBeforeHandingOut<Source extends Mysql2.Pool | Mysql2.PoolNamespace>(
  source: Source,
  onUnfit: UnfitListener,
  limitMs: () => number,
): Source {
  if (settledSessions.has(source)) return source;
  settledSessions.add(source);
  limitWaiting(source, limitMs);
  const plain = source as unknown as HandsOutConnections;
  const getConnection = plain.getConnection.bind(source);
  plain.getConnection = (settled) => {
    getConnection((error, connection) => {
      if (error || connection === undefined || settledSessions.has(connection))
        return settled(error, connection);
      connection.query(sessionStatement, (refusal: Mysql2.QueryError | null) => {
        if (refusal) {
          connection.destroy();
          return settled(sessionError(refusal));
        }
        settledSessions.add(connection);
        keepSettings(connection);
        wrapOnce(connection);
        closeWhenUnfit(connection, onUnfit);
        refuseTooLarge(connection);
        settled(null, connection);
      });
    });
  };
  return source;
}

/**
 * Queues the settings' statement as the first of a single connection, before any of its caller. If it fails, the connection
 * is closed, so that later statements fail too; an `error` event tells the reason first.
 */
function settleAtStart(connection: Mysql2.Connection): Mysql2.Connection {
  let connected = false;
  keepSettings(connection);
  connection.once('connect', () => (connected = true));
  connection.query(sessionStatement, (refusal) => {
    if (refusal === null) return;
    if (connected) connection.destroy();
    // mysql2 passes a failed handshake to the waiting statement, this one, and does not emit it
    if (connection.listenerCount('error') === 0) return;
    connection.emit('error', connected ? sessionError(refusal) : refusal);
  });
  return connection;
}

/** Marks a driver of {@link withSessionSettings}, also of another copy of this package. */
const marked = Symbol.for('@sendense/protection-flows/session-settings');

/** True for a driver whose sessions all have the settings. */
export function hasSessionSettings(driver: unknown): boolean {
  return typeof driver === 'object' && driver !== null && marked in driver;
}

/**
 * mysql2 with some functions replaced. It inherits the others: a copy would call the getters that load more of mysql2. It
 * defines the new ones, as a module namespace refuses their assignment.
 */
export const replacing = <Replaced extends object>(mysql2: typeof Mysql2, replaced: Replaced) =>
  Object.create(
    mysql2,
    Object.fromEntries(
      Object.entries(replaced).map(([name, value]) => [name, { value, writable: true, enumerable: true }]),
    ),
  ) as typeof Mysql2 & Replaced;

/** The exports of mysql2; a bundler may have moved them all to `default`. */
const exportsOf = (mysql2: { readonly default?: object }): object =>
  'createPool' in mysql2 ? mysql2 : (mysql2.default ?? mysql2);

const aDriver: Reader<object> = that(
  'isMysql2',
  (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { createPool, PromisePool } = exportsOf(value) as Record<string, unknown>;
    return typeof createPool === 'function' && PromisePool === undefined;
  },
  `must be what require('mysql2') gives; not mysql2/promise, whose sessions TypeORM can't use`,
);

const readDriver = declareArguments('withSessionSettings', {
  mysql2: aDriver,
  onUnfit: optional(callback<UnfitListener>(), () => undefined),
});

/**
 * mysql2 with the session settings, for TypeORM's option `driver`. Every session of its pools, pool clusters and single
 * connections begins with `sessionStatement`, and converts dates in UTC, whatever `timezone` says. If the server refuses the
 * statement, the session is closed and the request for the connection fails with QUERY_FAILED. A wait for a connection of
 * an exhausted pool fails with POOL_EXHAUSTED after TypeORM's option `acquireTimeout` (milliseconds; default 60000).
 *
 * @param mysql2 the exports of `require('mysql2')` or `import * as mysql2 from 'mysql2'`, in either module system
 * @param onUnfit called for a session whose server turned out to take no writes; the session is closed when it is released
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments
 */
export function withSessionSettings(mysql2: typeof Mysql2, onUnfit?: UnfitListener): typeof Mysql2 {
  const read = readDriver({ mysql2, onUnfit });
  const source = exportsOf(read.mysql2) as typeof Mysql2;
  const replaced: Pick<typeof Mysql2, 'createPool' | 'createPoolCluster' | 'createConnection'> = {
    createPool: (given: Mysql2.PoolOptions | string) => {
      const { options, limitMs } = withoutAcquireTimeout(inUtc(given as Mysql2.PoolOptions));
      return settleBeforeHandingOut(source.createPool(options), read.onUnfit, () => limitMs);
    },
    createPoolCluster: (clusterOptions) => {
      const cluster = source.createPoolCluster(clusterOptions);
      let clusterLimitMs: number = settingDefaults.acquireTimeoutMs;
      const add = cluster.add.bind(cluster) as (...parameters: unknown[]) => void;
      cluster.add = (...parameters: unknown[]) => {
        const { options, limitMs } = withoutAcquireTimeout(inUtc(parameters.at(-1)));
        clusterLimitMs = limitMs;
        add(...parameters.slice(0, -1), options);
      };
      const of = cluster.of.bind(cluster);
      // The cluster's own getConnection uses of() too
      cluster.of = (pattern, selector) =>
        settleBeforeHandingOut(of(pattern, selector), read.onUnfit, () => clusterLimitMs);
      return cluster;
    },
    createConnection: (options: Mysql2.ConnectionOptions | string) =>
      settleAtStart(source.createConnection(inUtc(options as Mysql2.ConnectionOptions))),
  };
  return Object.defineProperty(replacing(source, replaced), marked, { value: true });
}
