import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { migrate } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { startPrivateServer, type PrivateServer } from '../../../src/testing';
import { testInstallation } from '../../support/test-installation';

/** An account that read_only holds back, as it should hold a service's. */
export const account = { user: 'plain', password: 'p@ss#word' };
const encodedAccount = `${account.user}:${encodeURIComponent(account.password)}`;
export const databaseName = 'failover';

/** A server with the schema and no rows, and an administrator's connection to it. */
export interface FailoverServer {
  readonly server: PrivateServer;
  readonly address: string;
  /** The first column of a statement's rows. */
  column(sql: string): Promise<unknown[]>;
  close(): Promise<void>;
}

/** @param hosts `127.0.0.1:3307`, several with commas */
export function urlOf(hosts: string, query = 'connectTimeout=2000'): string {
  return `mysql://${encodedAccount}@${hosts}/${databaseName}?${query}`;
}

/** Connects the data source of a service to these hosts; the caller destroys it. */
export function connectTo(hosts: string, query?: string): Promise<ProtectionFlowsDataSource> {
  return createDataSource({ env: { DATABASE_URL: urlOf(hosts, query) } }).initialize();
}

/** Starts a server that listens on IPv6 as well; its account `plain` has all rights in the database, and no others. */
export async function startFailoverServer(): Promise<FailoverServer> {
  const server = await startPrivateServer({
    installation: await testInstallation(),
    serverArguments: ['--bind-address=*'],
  });
  const connection = async (): Promise<Connection> => {
    const opened = await createConnection(server.url());
    opened.on('error', () => undefined);
    return opened;
  };
  const column = async (sql: string): Promise<unknown[]> => {
    const own = await connection();
    try {
      const [rows] = await own.query<RowDataPacket[]>(sql);
      return Array.isArray(rows) ? rows.map((row) => Object.values(row)[0] as unknown) : [];
    } finally {
      own.destroy();
    }
  };
  await column(`CREATE DATABASE ${databaseName}`);
  await column(`CREATE USER '${account.user}'@'%' IDENTIFIED BY '${account.password}'`);
  await column(`GRANT ALL ON ${databaseName}.* TO '${account.user}'@'%'`);
  const address = `127.0.0.1:${server.port}`;
  const dataSource = await connectTo(address);
  await migrate(dataSource).finally(() => dataSource.destroy());
  return { server, address, column, close: () => server.stop() };
}
