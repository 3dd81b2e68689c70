import type * as Mysql2 from 'mysql2';
import { inspect } from 'node:util';
import {
  settingDefaults,
  type ConnectionSettings,
  type HostAddress,
  type SslSettings,
} from '../config/connection-settings';
import { loaded } from '../errors';
import { FailoverPool, ReplicatedPools, type PoolLike, type UnfitListeners } from './host-pools';
import { sqlOf, withoutAcquireTimeout, type Statement } from './session-limits';
import { replacing, withSessionSettings } from './session-settings';
import { askNode, WriterElection } from './writer-election';

/** The secrets of a session: the password, and the TLS settings, which may hold a private key. */
export interface Secrets {
  readonly password: string;
  readonly ssl: Mysql2.SslOptions | string | undefined;
}

/** Adds properties to an object that no console, JSON or spread shows: they are not enumerable. */
export function hide<Target extends object>(target: Target, values: object): Target {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, enumerable: false, writable: true, configurable: true });
  }
  return target;
}

/** Makes `console.log` print only the name of an object: mysql2 keeps the options in each statement under way. */
function nameOnly<Target extends object>(target: Target, name: string): Target {
  return Object.defineProperty(target, inspect.custom, { value: () => `[${name}]`, configurable: true });
}

/** Hides the secrets in mysql2's own options. */
function hideIn(config: object): void {
  const { password, ssl } = config as Secrets;
  hide(config, { password, ssl });
}

/**
 * mysql2 whose pools and connections have these secrets, unless their options give others, and hide them. TypeORM's options,
 * which are copied, printed and logged, need not hold them then.
 */
function withSecrets(mysql2: typeof Mysql2, secrets: Secrets): typeof Mysql2 {
  const complete = <Options extends Mysql2.ConnectionOptions>(options: Options): Options => ({
    ...options,
    password: options.password ?? secrets.password,
    ssl: options.ssl ?? secrets.ssl,
  });
  return replacing(mysql2, {
    createPool: (options: Mysql2.PoolOptions) => {
      const pool = mysql2.createPool(complete(options));
      const { config } = pool as unknown as { config: { connectionConfig: object } };
      hideIn(config.connectionConfig);
      pool.on('connection', (connection) => nameOnly(connection, 'connection'));
      return nameOnly(pool, 'pool');
    },
    createConnection: (options: Mysql2.ConnectionOptions) => {
      const connection = mysql2.createConnection(complete(options));
      hideIn(connection.config);
      return nameOnly(connection, 'connection');
    },
  }) as typeof Mysql2;
}

/** Called after each statement with its text, without the values of its placeholders, and its time in milliseconds. */
export type StatementListener = (sql: string, ms: number) => void;

/** Makes a connection call the listener for each statement, also for a failed one. */
function tellOf<Connection extends Mysql2.Connection>(
  connection: Connection,
  onStatement: StatementListener,
): Connection {
  const plain = connection as { query: (...parameters: unknown[]) => unknown };
  const query = plain.query.bind(connection);
  plain.query = (...parameters) => {
    const answered = parameters.at(-1);
    // Without a callback it is a stream, which this package never uses
    if (typeof answered !== 'function') return query(...parameters);
    const begun = performance.now();
    return query(...parameters.slice(0, -1), (...answer: unknown[]) => {
      onStatement(sqlOf(parameters[0] as Statement), performance.now() - begun);
      (answered as (...values: unknown[]) => void)(...answer);
    });
  };
  return connection;
}

/** mysql2 whose connections, single or of a pool, call the listener for each statement. */
function toldStatements(mysql2: typeof Mysql2, onStatement: StatementListener): typeof Mysql2 {
  return replacing(mysql2, {
    createPool: (options: Mysql2.PoolOptions) => {
      const pool = mysql2.createPool(options);
      pool.on('connection', (connection) => void tellOf(connection, onStatement));
      return pool;
    },
    createConnection: (options: Mysql2.ConnectionOptions) =>
      tellOf(mysql2.createConnection(options), onStatement),
  }) as typeof Mysql2;
}

/** mysql2 for one configuration: TypeORM's option `driver`, also used to open connections beside its pool. */
type Connector = typeof Mysql2 & {
  /**
   * Chooses the one of several hosts to write to; `createConnection` then connects to it. With one host it does nothing.
   *
   * @throws ProtectionFlowsError NO_WRITABLE_HOST
   */
  findWriter(options: Mysql2.ConnectionOptions): Promise<void>;
};

/**
 * mysql2 with {@link withSessionSettings}. Its pools, pool clusters and single connections connect to the one of `hosts`
 * that takes writes ({@link FailoverPool}); its pool clusters survive servers that were away ({@link ReplicatedPools}).
 * Without `hosts`, and for options that name another host than the first of them, it connects as mysql2 does.
 *
 * @param hosts in order of preference; empty for a single server
 */
function withHosts(mysql2: typeof Mysql2, hosts: readonly HostAddress[]): Connector {
  const onUnfit: UnfitListeners = new WeakMap();
  const single = withSessionSettings(mysql2, (connection, code) => onUnfit.get(connection)?.(code));
  let account: Mysql2.ConnectionOptions = {};
  const election = new WriterElection(hosts, (host) => {
    const limitMs = account.connectTimeout ?? settingDefaults.connectTimeoutMs;
    return askNode(mysql2.createConnection({ ...account, ...host }), limitMs);
  });
  /** False for another host, which a program has set in place of the configured ones. */
  const isForHosts = ({ host, port }: Mysql2.ConnectionOptions): boolean =>
    hosts[0] !== undefined && host === hosts[0].host && port === hosts[0].port;
  const createSinglePool = (options: Mysql2.PoolOptions): PoolLike =>
    single.createPool(options) as unknown as PoolLike;
  const createPool = (options: Mysql2.PoolOptions): PoolLike => {
    if (!isForHosts(options)) return createSinglePool(options);
    account = withoutAcquireTimeout(options).options;
    return new FailoverPool(election, (host) => single.createPool({ ...options, ...host }), onUnfit);
  };
  return replacing(single, {
    createPool,
    createPoolCluster: () => new ReplicatedPools(createPool, createSinglePool, onUnfit),
    createConnection: (options: Mysql2.ConnectionOptions) =>
      single.createConnection(isForHosts(options) ? { ...options, ...election.host } : options),
    findWriter: async (options: Mysql2.ConnectionOptions): Promise<void> => {
      if (!isForHosts(options)) return;
      account = options;
      await election.current();
    },
  }) as unknown as Connector;
}

/** Loads mysql2, which only a connection needs: importing this package must not load it. Throws PACKAGE_MISSING. */
export function loadMysql2(): typeof Mysql2 {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() gives another shape, and later
  return loaded(() => require('mysql2') as typeof Mysql2);
}

/** mysql2's options for TLS, in a new object: mysql2 writes into it. */
export function sslOptions(ssl: SslSettings): Mysql2.SslOptions {
  return {
    ...(ssl.ca === null ? {} : { ca: ssl.ca }),
    ...(ssl.cert === null ? {} : { cert: ssl.cert }),
    ...(ssl.key === null ? {} : { key: ssl.key }),
    rejectUnauthorized: ssl.rejectUnauthorized,
    verifyIdentity: ssl.verifyIdentity,
  };
}

/** The password and TLS options of the settings. */
export function secretsOf({ password, ssl }: ConnectionSettings): Secrets {
  return { password, ssl: ssl === null ? undefined : sslOptions(ssl) };
}

/**
 * Loads mysql2 and makes its sessions use the password and TLS of the settings, begin with the session settings, and connect
 * to the host that takes writes. The connections of one program share one connector, which knows that host.
 *
 * @param secrets used in place of those in the settings
 * @param onStatement called after each statement of any session
 */
export function connectorOf(
  settings: ConnectionSettings,
  secrets: Secrets = secretsOf(settings),
  onStatement?: StatementListener,
): Connector {
  const mysql2 = onStatement === undefined ? loadMysql2() : toldStatements(loadMysql2(), onStatement);
  return withHosts(withSecrets(mysql2, secrets), settings.hosts);
}

/** The options for `createConnection` and `findWriter` of {@link connectorOf}: without the secrets, which it knows. */
export function connectionOptionsOf(settings: ConnectionSettings): Mysql2.ConnectionOptions {
  const { socketPath, hosts, host, port, username, database, connectTimeoutMs } = settings;
  const where = hosts[0] ?? { host: host ?? undefined, port };
  return {
    ...(socketPath === null ? where : { socketPath }),
    user: username,
    database,
    connectTimeout: connectTimeoutMs,
  };
}
