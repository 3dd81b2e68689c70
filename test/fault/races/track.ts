import { createConnection, type Connection } from 'mysql2/promise';
import { createRepositories } from '../../../src/repositories';
import { createRepository, createSchedule, sessionOf } from '../../../src/testing';
import { connectionUrl } from '../../../src/testing/connection-url';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { useDataLayer } from '../../integration/repositories/data-layer';
import { openDataSource } from '../../support/data-source';
import { clientCount, type Client, type Track } from './race';
import { StatementProxy } from './statement-proxy';

/** Registers hooks that make a database, and clients that each reach it through their own proxy. */
export function useTrack(): () => Track {
  const layer = useDataLayer();
  const clients: (Client & { readonly dataSource: ProtectionFlowsDataSource })[] = [];
  let ids: Pick<Track, 'scheduleId' | 'repositoryId'> | undefined;
  let connection: Connection | undefined;
  beforeAll(async () => {
    const { session, settings } = layer.database;
    const { username: user, ...where } = settings;
    connection = await createConnection({ ...where, user, timezone: 'Z', multipleStatements: true });
    await connection.query("SET time_zone = '+00:00'");
    ids = {
      scheduleId: (await createSchedule(session, { cron_expression: '0 0 1 1 *' })).id,
      repositoryId: (await createRepository(session)).id,
    };
    for (let n = 0; n < clientCount; n += 1) {
      const proxy = await StatementProxy.open(settings);
      const url = connectionUrl({ ...settings, host: '127.0.0.1', port: proxy.port }, settings.database);
      const dataSource = await openDataSource({ url });
      clients.push({ proxy, dataSource, repositories: createRepositories(dataSource) });
    }
  });
  afterAll(async () => {
    connection?.destroy();
    for (const { proxy, dataSource } of clients) {
      await dataSource.destroy();
      await proxy.close();
    }
  });
  return () => ({ clients, session: sessionOf(connection!), ...ids! });
}
