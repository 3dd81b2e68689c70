import { inspect } from 'node:util';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { loadConnection } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { createRepositories } from '../../../src/repositories';
import { migrate } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';

/** Where a secret stands in what `console.log`, JSON or a logger of objects would show, at whatever depth. */
function placesOf(secret: string, root: unknown): string[] {
  const seen = new Set<unknown>();
  const places: string[] = [];
  const waiting: [string, unknown][] = [['', root]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, value] = next;
    if (typeof value === 'string' && value.includes(secret)) places.push(path);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      continue;
    seen.add(value);
    const shown = value as Record<string | symbol, unknown>;
    if (typeof shown[inspect.custom] === 'function' && !Buffer.isBuffer(value) && path !== '') {
      if (inspect(value).includes(secret)) places.push(path);
      continue;
    }
    if (Buffer.isBuffer(value) && value.includes(secret)) places.push(path);
    if (value instanceof Map || value instanceof Set)
      waiting.push(...[...value].map((one) => [`${path}[]`, one] as [string, unknown]));
    for (const [name, one] of Object.entries(shown)) waiting.push([`${path}.${name}`, one]);
  }
  return places;
}

/** Guards that whoever logs a data source, or a part of it, does not log the password. */
describe('a data source that is connected', () => {
  const database = useDatabase();
  const { password } = sharedServer();
  const key = 'a private key of nobody';

  const ways: Readonly<Record<string, () => ProtectionFlowsDataSource>> = {
    'from a URL': () => createDataSource({ env: { DATABASE_URL: database.url } }),
    'from settings': () => createDataSource(database.settings),
    'with a password that is set': () =>
      createDataSource({ ...database.settings, password: 'wrong' }).setOptions({ password } as object),
    'with replicas': () => {
      const { host, port } = database.settings;
      return createDataSource({ ...database.settings, replicas: [{ host, port }] });
    },
    'with several hosts': () => {
      const { host, port, ...account } = database.settings;
      return createDataSource({ ...account, hosts: [{ host, port }, `${host}:1`] });
    },
  };

  it.each(Object.keys(ways))('shows no password %s, idle or at work', async (way) => {
    const dataSource = ways[way]!();
    expect(placesOf(password, dataSource)).toEqual([]);
    await dataSource.initialize();
    try {
      await migrate(dataSource);
      const repositories = createRepositories(dataSource.manager);
      await repositories.flows.list();
      const runner = dataSource.createQueryRunner();
      const sleeping = runner.query('SELECT SLEEP(0.3) AS slept');
      const connection = (await runner.connect()) as unknown;
      const shown = { dataSource, repositories, runner, connection, options: { ...dataSource.options } };
      expect(placesOf(password, shown)).toEqual([]);
      for (const one of Object.values(shown)) expect(inspect(one, { depth: 6 })).not.toContain(password);
      await sleeping;
      const failed: unknown = await runner.query('SELECT nonsense').catch((error: unknown) => error);
      expect(inspect(failed, { depth: Infinity })).not.toContain(password);
      await runner.release();
      expect(placesOf(password, shown)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('shows no password in the error of a connection that failed', async () => {
    const settings = { ...database.settings, password: 'hush@#hush' };
    const dataSource = createDataSource(settings);
    const error: unknown = await dataSource.initialize().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ACCESS_DENIED' });
    expect(inspect(error, { depth: Infinity })).not.toContain('hush');
    expect(placesOf('hush', { error, dataSource })).toEqual([]);
  });

  it('still gives the password and the key to code that reads its options', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${key}`;
    const options = dataSourceOptions({
      ...database.settings,
      ssl: { cert: pem, key: pem, verifyIdentity: false },
    });
    expect(options.password).toBe(password);
    expect(options.ssl).toMatchObject({ key: pem });
    expect(placesOf(key, options)).toEqual([]);
    expect(JSON.stringify(options)).not.toContain(JSON.stringify(password).slice(1, -1));
    expect(loadConnection({ env: { DATABASE_URL: database.url } }).password).toBe(password);
  });
});
