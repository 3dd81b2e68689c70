import * as mysql2 from 'mysql2';
import { withSessionSettings } from '../../../src/driver/session-settings';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { migrate } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { createRepositories } from '../../../src/repositories';
import { useDatabase } from '../../support/database';

/** Guards that a wait for a connection of an exhausted pool ends with a code, and that the pool stays usable. */
const database = useDatabase({ platform: 'none' });

const address = (): string => `${database.settings.host}:${database.settings.port}`;
/** The test's server, and one where nobody listens. */
const withHosts = (): string => database.url.replace(address(), `${address()},127.0.0.1:1`);

let dataSource: ProtectionFlowsDataSource;
const open = async (url: string, limitMs: number, more = ''): Promise<ProtectionFlowsDataSource> =>
  (dataSource = await createDataSource({
    env: { DATABASE_URL: `${url}?poolSize=1&acquireTimeout=${limitMs}${more}` },
  }).initialize());
afterEach(async () => {
  if (dataSource.isInitialized) await dataSource.destroy();
});

const usedUp = { code: 'POOL_EXHAUSTED', details: { poolSize: 1, waitedMs: 50 } };

describe('a pool of one connection', () => {
  it.each([
    ['of one host', () => database.url],
    ['of several hosts', withHosts],
  ])('%s ends a call that waits for its own transaction, and serves the next one', async (_what, url) => {
    const source = await open(url(), 50);
    await migrate(source);
    const { flows } = createRepositories(source);
    const [session] = await source.query('SELECT CONNECTION_ID() AS id');
    await source.transaction(async (manager) => {
      const refusal = flows.list();
      await expect(refusal).rejects.toMatchObject(usedUp);
      await expect(refusal).rejects.toThrow(/all connections of the pool \(1\) stayed in use/);
      await expect(refusal).rejects.toMatchObject({
        remedy: expect.stringContaining('withManager') as string,
      });
      expect(await flows.withManager(manager).list()).toMatchObject({ items: [] });
    });
    // The connection came after the end of the wait: it is not lost to whoever asks next, nor closed
    for (const _ of [1, 2]) expect(await flows.list()).toMatchObject({ items: [] });
    expect(await source.query('SELECT CONNECTION_ID() AS id')).toEqual([session]);
  });

  it('gives its connection to a caller that waits within the limit', async () => {
    const source = await open(database.url, 600_000);
    const runner = source.createQueryRunner();
    await runner.connect();
    const answer = source.query("SELECT 'x' AS one");
    await runner.release();
    expect(await answer).toEqual([{ one: 'x' }]);
  });

  it('does not send reads to the writer when it belongs to a replica', async () => {
    const source = await open(database.url, 50, `&replicas=${address()}`);
    const [runner, other] = [source.createQueryRunner('slave'), source.createQueryRunner('slave')];
    await runner.query('SELECT 1');
    await expect(other.query('SELECT 1')).rejects.toMatchObject(usedUp);
    await runner.release();
    await other.release();
    expect(await source.query("SELECT 'x' AS one")).toEqual([{ one: 'x' }]);
  });

  it('has the limit in a cluster of mysql2 too', async () => {
    const { host, port, username: user, password } = database.settings;
    const cluster = withSessionSettings(mysql2).createPoolCluster();
    const options = { host, port, user, password, connectionLimit: 1, acquireTimeout: 50 };
    cluster.add('MASTER', options);
    const connection = () =>
      new Promise<mysql2.PoolConnection>((resolve, reject) => {
        cluster.getConnection('MASTER', (error, given) => (error ? reject(error) : resolve(given)));
      });
    const held = await connection();
    await expect(connection()).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      details: { poolSize: null, waitedMs: 50 },
    });
    held.release();
    (await connection()).release();
    cluster.end();
  });
});
