import { createConnection, type Connection } from 'mysql2/promise';
import { createRepositories } from '../../repositories';
import { createDataSource } from '../../typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../typeorm/guarded-data-source';
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

/** The database that the demonstration works on. */
export interface DemoDatabase {
  readonly server: PrivateServer;
  /** A plain client beside the data source, to read what is shown. */
  readonly client: Queryable;
  readonly dataSource: ProtectionFlowsDataSource;
  readonly platform: PlatformIds;
}

async function connect(server: PrivateServer): Promise<Connection> {
  const { host, port, username: user, password } = server;
  return createConnection({ host, port, user, password, database: databaseName, timezone: 'Z' });
}

/**
 * Starts a private server, creates the platform's database with its tables in the mixed collations of real installations,
 * and connects. Stops and removes everything when `work` is done.
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

/** Writes flows and executions through the repositories, as the scheduler and the API do. */
export async function writeRows({ dataSource, platform }: DemoDatabase): Promise<void> {
  const { flows, executions } = createRepositories(dataSource);
  const nightly = await flows.create({
    name: 'Nightly backup of the file servers',
    flow_type: 'backup',
    target_type: 'group',
    target_id: platform.group,
    repository_id: platform.repositories[0],
    policy_id: platform.policy,
    schedule_id: platform.schedules[0],
  });
  const replica = await flows.create({
    name: 'Replica of pgtest1',
    flow_type: 'replication',
    target_type: 'vm',
    target_id: platform.vms[0],
    destination_type: 'ossea',
    destination_config: { zone: 'zone-1', network: 'replica-net' },
    enabled: false,
  });
  const run = await executions.start({
    flow_id: nightly.id,
    execution_type: 'scheduled',
    schedule_execution_id: platform.scheduleExecutions[0],
  });
  await executions.recordJobs(run.id, platform.backupJobs);
  await executions.finish(run.id, { status: 'success', bytes_transferred: 48_318_382_080 });
  await executions.start({ flow_id: nightly.id, execution_type: 'manual' });
  await executions.enqueue({ flow_id: replica.id, execution_type: 'api' });
}
