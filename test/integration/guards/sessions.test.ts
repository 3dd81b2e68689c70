import * as mysql2 from 'mysql2';
import { DataSource } from 'typeorm';
import { withSessionSettings } from '../../../src';
import { entities } from '../../../src/entities';
import { installGuards } from '../../../src/engine/migrate';
import { createRepositories } from '../../../src/repositories';
import { useDataLayer } from '../repositories/data-layer';

/** Guards that the guards recognise every session of this package, whose end of a run they would otherwise refuse. */
describe('under guards, a DataSource of an application', () => {
  const layer = useDataLayer();
  beforeAll(() => installGuards(layer.dataSource));

  const open = (options: object): Promise<DataSource> => {
    const { type } = layer.dataSource.options;
    const all = { type, ...layer.database.settings, entities, timezone: 'Z', ...options };
    return new DataSource(all as ConstructorParameters<typeof DataSource>[0]).initialize();
  };
  const startAndEnd = async (dataSource: DataSource): Promise<unknown> => {
    const { flows, executions } = createRepositories(dataSource);
    const { id: flow_id } = await flows.create(layer.newFlow());
    const { id } = await executions.start({ flow_id, execution_type: 'manual' });
    await executions.finish(id, { status: 'success' });
    const { total_executions, successful_executions } = (await flows.get(flow_id))!;
    return { total_executions, successful_executions };
  };
  const counted = { total_executions: 1, successful_executions: 1 };

  it('with the session settings is recognised, also when each release resets its connections', async () => {
    const plain = await open({ driver: withSessionSettings(mysql2) });
    const resetting = await open({
      driver: withSessionSettings(mysql2),
      extra: { resetOnRelease: true, connectionLimit: 1 },
    });
    for (const dataSource of [plain, resetting]) {
      for (let round = 0; round < 2; round += 1) expect(await startAndEnd(dataSource)).toEqual(counted);
      expect(await dataSource.query('SELECT @@SESSION.time_zone AS zone')).toEqual([{ zone: '+00:00' }]);
      await dataSource.destroy();
    }
  });

  it('is recognised again after its connection was reset or changed its user', async () => {
    const { username: user, host, port, password, database } = layer.database.settings;
    const connection = withSessionSettings(mysql2).createConnection({ host, port, user, password, database });
    const told = (act: (done: (error: unknown) => void) => void): Promise<unknown> =>
      new Promise((resolve) => act(resolve));
    const marked = (): Promise<unknown> =>
      new Promise((resolve) =>
        connection.query('SELECT @sendense_flow_writer AS mark', (_e, rows) => resolve(rows)),
      );
    expect(
      await told((done) => (connection as unknown as { reset(done: unknown): void }).reset(done)),
    ).toBeNull();
    expect(await marked()).toEqual([{ mark: 1 }]);
    expect(await told((done) => connection.changeUser({ user, password, database }, done))).toBeNull();
    expect(await marked()).toEqual([{ mark: 1 }]);
    connection.destroy();
  });

  it('whose sessions other code sets is recognised by the repositories', async () => {
    const dataSource = await open({
      driver: {
        ...mysql2,
        createPool: (options: mysql2.PoolOptions) => {
          const pool = mysql2.createPool({ ...options, timezone: 'Z' });
          pool.on('connection', (connection) => {
            connection.query(
              "SET time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
            );
          });
          return pool;
        },
      },
    });
    // Connections that are there before the first call, and some that come later
    await Promise.all(Array.from({ length: 3 }, () => dataSource.query('SELECT 1')));
    const all = await Promise.all(Array.from({ length: 8 }, () => startAndEnd(dataSource)));
    expect(all).toEqual(all.map(() => counted));
    await dataSource.destroy();
  });
});
