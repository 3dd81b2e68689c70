import { createConnection } from 'mysql2/promise';
import { migrate } from '../../../src/engine/migrate';
import { createRepositories, type Repositories } from '../../../src/repositories';
import type { PrivateServer } from '../../../src/testing';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { describeOnGalera, useGaleraCluster } from '../../support/use-cluster';
import { waitFor } from '../../support/wait-for';

const database = 'lost_cluster';

/** Repeats the call until it fails, and returns the error. */
async function failure(call: () => Promise<unknown>): Promise<unknown> {
  return waitFor(() =>
    call().then(
      () => null,
      (error: unknown) => error,
    ),
  );
}

// Guards that a program learns at once that its node has lost the cluster.
describeOnGalera('programs of a node that has lost its cluster', () => {
  const cluster = useGaleraCluster();
  const opened: ProtectionFlowsDataSource[] = [];
  afterAll(async () => {
    for (const dataSource of opened) await dataSource.destroy().catch(() => undefined);
  });
  beforeEach(() => jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined));
  afterEach(() => jest.restoreAllMocks());

  const connect = async (nodes: readonly PrivateServer[]): Promise<ProtectionFlowsDataSource> => {
    const { username, password } = cluster().nodes[0];
    const hosts = nodes.map(({ host, port }) => ({ host, port }));
    const settings = { hosts, username, password, database, poolSize: 3, connectTimeoutMs: 5_000 };
    const dataSource = createDataSource(settings);
    opened.push(dataSource);
    return dataSource.initialize();
  };
  const repositoriesOn = async (nodes: readonly PrivateServer[]): Promise<Repositories> =>
    createRepositories(await connect(nodes));

  it('are reported with a code, and with another code if all nodes have lost it', async () => {
    const [first, second, third] = cluster().nodes;
    const connection = await createConnection(first.url());
    await connection.query(`CREATE DATABASE ${database}`);
    connection.destroy();
    await migrate(await connect([first]));
    const { flows } = await repositoriesOn([first]);
    const all = await repositoriesOn(cluster().nodes);
    await flows.list();
    await all.flows.list();
    await Promise.all([second.kill(), third.kill()]);
    expect(await failure(() => flows.list())).toMatchObject({ code: 'SERVER_NOT_READY' });
    expect(await failure(() => all.flows.list())).toMatchObject({ code: 'SERVER_NOT_READY' });
    expect(await failure(() => all.flows.list())).toMatchObject({
      code: 'NO_WRITABLE_HOST',
      message: expect.stringContaining('Galera is not ready: its part of the cluster is NON-PRIMARY'),
    });
  });
});
