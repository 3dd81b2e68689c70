import { createDataSource, loadConnection, withSessionSettings } from '../../../src';
import type { ErrorCode } from '../../../src/errors';
import { startPrivateServer } from '../../../src/testing';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import type { TestDatabase } from '../../support/database';
import { refusing } from '../../support/refusing-mysql2';
import { withSilentServer } from '../../support/silent-server';
import { useUpQueries } from './data-layer-provocations';

type ConnectionCode = Extract<
  ErrorCode,
  | 'CONFIG_MISSING'
  | 'CONFIG_UNREADABLE'
  | 'CONFIG_INVALID'
  | 'OPTION_REFUSED'
  | 'HOST_UNKNOWN'
  | 'CONNECTION_REFUSED'
  | 'CONNECTION_TIMEOUT'
  | 'NO_WRITABLE_HOST'
  | 'POOL_EXHAUSTED'
  | 'CONNECTION_LOST'
  | 'TLS_FAILED'
  | 'ACCESS_DENIED'
  | 'QUOTA_EXCEEDED'
  | 'DATABASE_MISSING'
  | 'SERVER_UNSUPPORTED'
  | 'SERVER_NOT_FOUND'
  | 'SERVER_START_FAILED'
  | 'QUERY_FAILED'
  | 'PRIVILEGE_MISSING'
  | 'SERVER_READ_ONLY'
  | 'SERVER_NOT_READY'
>;

/** A password that no error may show. */
export const secret = 'hush@#hush';

/** For each code, a call that fails because the server cannot be reached, or refuses the statement. */
export function connectionProvocations(
  dataSource: () => ProtectionFlowsDataSource,
  database: TestDatabase,
): Record<ConnectionCode, () => Promise<unknown>> {
  const query = (sql: string): Promise<unknown> => database.session.query(sql);
  type UrlParts = Partial<Record<'user' | 'password' | 'host' | 'name' | 'query', string> & { port: number }>;
  const url = (parts: UrlParts) => {
    const { settings } = database;
    const { user = settings.username, password = settings.password, host = settings.host } = parts;
    return `mysql://${user}:${encodeURIComponent(password)}@${host}:${parts.port ?? settings.port}/${parts.name ?? settings.database}${parts.query ?? ''}`;
  };
  const connect = (address: string): Promise<ProtectionFlowsDataSource> =>
    createDataSource({ env: { DATABASE_URL: address } }).initialize();
  const asUser = async (
    grants: readonly string[],
    work: (as: ProtectionFlowsDataSource) => Promise<unknown>,
  ) => {
    await query("DROP USER IF EXISTS 'someone'@'%'");
    await query(`CREATE USER 'someone'@'%' IDENTIFIED BY '${secret}'`);
    for (const grant of grants) await query(`GRANT ${grant} TO 'someone'@'%'`);
    const as = await connect(url({ user: 'someone', password: secret }));
    try {
      return await work(as);
    } finally {
      await as.destroy();
    }
  };
  return {
    CONFIG_MISSING: async () => loadConnection({ env: {}, cwd: '/nonexistent' }),
    CONFIG_UNREADABLE: async () => loadConnection({ configFile: '/nonexistent.json' }),
    CONFIG_INVALID: async () =>
      loadConnection({ env: { DATABASE_URL: `postgres://u:${encodeURIComponent(secret)}@h/d` } }),
    OPTION_REFUSED: async () => {
      const source = createDataSource({ env: { DATABASE_URL: database.url } });
      source.setOptions({ synchronize: true });
      return source.initialize();
    },
    HOST_UNKNOWN: () => connect(url({ host: 'no-such-host.invalid' })),
    CONNECTION_REFUSED: () => connect(url({ port: 1 })),
    CONNECTION_TIMEOUT: () =>
      withSilentServer((port) => connect(url({ port, query: '?connectTimeout=200' }))),
    NO_WRITABLE_HOST: () => connect(url({ host: '127.0.0.1:1,127.0.0.1', port: 2 })),
    POOL_EXHAUSTED: async () => {
      const source = await connect(url({ query: '?poolSize=1&acquireTimeout=20' }));
      return source.transaction(() => source.query('SELECT 1')).finally(() => source.destroy());
    },
    CONNECTION_LOST: async () => {
      const runner = dataSource().createQueryRunner();
      const [{ id }] = await runner.query('SELECT CONNECTION_ID() AS id');
      await query(`KILL ${id}`);
      return runner.query('SELECT 1').finally(() => runner.release());
    },
    TLS_FAILED: () => connect(url({ host: 'localhost', query: '?ssl=true' })),
    ACCESS_DENIED: () => connect(url({ password: secret })),
    QUOTA_EXCEEDED: () => asUser([`ALL ON \`${database.name}\`.*`], (as) => useUpQueries(as, query)),
    DATABASE_MISSING: () => connect(url({ name: 'no_such_database' })),
    SERVER_UNSUPPORTED: async () => {
      const old = await startPrivateServer({
        flavour: 'mariadb',
        serverArguments: ['--version=10.3.39-MariaDB'],
      });
      return connect(old.url('mysql')).finally(() => old.stop());
    },
    SERVER_NOT_FOUND: () => startPrivateServer({ version: '99.9' }),
    SERVER_START_FAILED: () =>
      startPrivateServer({ serverArguments: ['--no-such-argument=1'], startLimitMs: 20_000 }),
    QUERY_FAILED: () => {
      const { host, port, username: user, password } = database.settings;
      const pool = withSessionSettings(refusing()).createPool({ host, port, user, password }).promise();
      return pool.query('SELECT 1').finally(() => pool.end());
    },
    PRIVILEGE_MISSING: () =>
      asUser([`SELECT ON \`${database.name}\`.*`], (as) => as.query('CREATE TABLE not_mine (id int)')),
    SERVER_READ_ONLY: async () => {
      await query('SET GLOBAL read_only = 1');
      const grants = [`ALL PRIVILEGES ON \`${database.name}\`.*`];
      return asUser(grants, (as) => as.query('CREATE TABLE not_now (id int)')).finally(() =>
        query('SET GLOBAL read_only = 0'),
      );
    },
    // The server's own message, sent by SIGNAL: only a cluster gives it by itself
    SERVER_NOT_READY: () =>
      dataSource().query(
        "SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = 1047, MESSAGE_TEXT = 'WSREP has not yet prepared node for application use'",
      ),
  };
}
