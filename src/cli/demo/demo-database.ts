import { createConnection, type Connection } from 'mysql2/promise';
import { createDataSource } from '../../typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../engine/migrate';
import { quoteName, select, type Queryable } from '../../engine/server/queryable';
import {
  createPlatformTables,
  createThrowAwayDatabase,
  platformTableNames,
  seedPlatformRows,
  sessionOf,
  startPrivateServer,
  type PlatformIds,
  type PrivateServer,
} from '../../testing';

/** The platform's own name for its database. */
const databaseName = 'migratekit_oma';

/** What the demonstration works on. */
export interface DemoDatabase {
  readonly server: PrivateServer;
  /** A plain client beside the data source: what is shown is read through it. */
  readonly client: Queryable;
  readonly dataSource: ProtectionFlowsDataSource;
  readonly platform: PlatformIds;
}

async function connect(server: PrivateServer): Promise<Connection> {
  const { host, port, username: user, password } = server;
  return createConnection({ host, port, user, password, database: databaseName, timezone: 'Z' });
}

/**
 * Starts a private server, makes the platform's database on it with its tables in the mixed collations that are met
 * in the field, and connects; stops and removes everything when `work` is done.
 */
export async function withDemoDatabase<T>(work: (database: DemoDatabase) => Promise<T>): Promise<T> {
  const server = await startPrivateServer();
  try {
    const { url } = await createThrowAwayDatabase(server, { name: databaseName });
    const connection = await connect(server);
    const client = sessionOf(connection);
    await createPlatformTables(client, 'mixed');
    const platform = await seedPlatformRows(client);
    const dataSource = createDataSource({ env: { DATABASE_URL: url } });
    try {
      await dataSource.initialize();
      return await work({ server, client, dataSource, platform });
    } finally {
      if (dataSource.isInitialized) await dataSource.destroy();
      connection.destroy();
    }
  } finally {
    await server.stop();
  }
}

/** Definition and checksum of each of the platform's tables: equal before and after means untouched. */
export async function platformFingerprint(client: Queryable): Promise<Readonly<Record<string, string>>> {
  const fingerprint: Record<string, string> = {};
  for (const name of platformTableNames) {
    const [definition] = await select(client, `SHOW CREATE TABLE ${quoteName(name)}`);
    const [checksum] = await select(client, `CHECKSUM TABLE ${quoteName(name)}`);
    fingerprint[name] = `${String(definition?.['Create Table'])}\n${String(checksum?.Checksum)}`;
  }
  return fingerprint;
}
