import { inspect } from 'node:util';
import * as mysql2 from 'mysql2';
import { DataSource } from 'typeorm';
import { withSessionSettings } from '../../../src/driver/session-settings';
import { entities, ProtectionFlow } from '../../../src/entities';
import { fromServerError } from '../../../src/validation/server-errors';
import { createRepositories } from '../../../src/repositories';
import { subscribers } from '../../../src/validation';
import { useDataLayer } from '../repositories/data-layer';

const layer = useDataLayer();
const secret = 'hush@#hush';

let plain: DataSource;
beforeAll(async () => {
  const { host, port, username, password, database } = layer.database.settings;
  const connection = { host, port, username, password, database, timezone: 'Z' };
  const type = layer.dataSource.options.type as 'mysql' | 'mariadb';
  plain = await new DataSource({
    ...connection,
    type,
    entities,
    subscribers,
    driver: withSessionSettings(mysql2),
  }).initialize();
});
afterAll(() => plain.destroy());

/** Prints an error as a program's log would. */
const shown = (error: unknown): string => inspect(error, { depth: Infinity, showHidden: true });

// Guards that a log of an error does not hold the credentials of a flow's destination.
describe.each(['the guarded data source', 'a data source of TypeORM’s'])('an error of %s', (which) => {
  const source = (): DataSource => (which.startsWith('the') ? layer.dataSource : plain);
  const faults: Readonly<Record<string, () => Promise<unknown>>> = {
    'a taken name': async () => {
      const { flows } = createRepositories(source());
      const taken = layer.newFlow({ destination_config: { password: secret } });
      await flows.create(taken);
      return flows.create(taken);
    },
    'a taken id': async () => {
      const { flows } = createRepositories(source());
      const { id } = await flows.create(layer.newFlow());
      return flows.create(layer.newFlow({ id, destination_config: { password: secret } }));
    },
    'a reference to a missing row': () =>
      createRepositories(source()).flows.create(
        layer.newFlow({ policy_id: 'gone', destination_config: { password: secret } }),
      ),
    'a violated CHECK': async () => {
      const { flows } = createRepositories(source());
      const { id } = await flows.create(layer.newFlow());
      return flows.update(id, { destination_type: null, destination_config: { password: secret } });
    },
    'a lock wait timeout': async () => {
      const { flows } = createRepositories(source());
      const { id } = await flows.create(layer.newFlow());
      return source().transaction(async (manager) => {
        await flows.withManager(manager).update(id, { description: 'held' });
        await source().transaction(async (waiter) => {
          await waiter.query('SET SESSION innodb_lock_wait_timeout = 1');
          await flows.withManager(waiter).update(id, { destination_config: { password: secret } });
        });
      });
    },
    'a statement of TypeORM’s own': () =>
      source()
        .getRepository(ProtectionFlow)
        .insert({ ...layer.newFlow(), policy_id: 'gone', destination_config: { password: secret } })
        .catch((error: unknown) => Promise.reject((fromServerError(error) ?? error) as Error)),
  };
  it.each(Object.keys(faults))('holds no values of the row: %s', async (title) => {
    const error: unknown = await faults[title]!().catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(Error);
    expect(shown(error)).not.toContain(secret);
  });
});

it('an error of another library holds the statement with placeholders only', async () => {
  const error: unknown = await layer.dataSource
    .query('SELECT ? FROM no_such_table', [secret])
    .catch((fault: unknown) => fault);
  expect(error).toMatchObject({
    errno: 1146,
    query: 'SELECT ? FROM no_such_table',
    sql: 'SELECT ? FROM no_such_table',
  });
  expect(shown(error)).not.toContain(secret);
});
