import type { Logger } from 'typeorm';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { ProtectionFlow } from '../../../src/entities';
import { migrations, migrationList } from '../../../src/migrations';
import { select } from '../../../src/engine/server/queryable';
import { verify } from '../../../src/engine/verify';
import { catalogDump } from '../../support/catalog-dump';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { migrationCount } from '../../support/migrations';

/** Guards what the shared DataSource does for whoever opens it, and what it refuses to anyone. */
describe('the data source', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });
  const everything = /^$/;

  it('neither reads a configuration nor connects until it is initialized', async () => {
    const unconfigured = createDataSource({ env: {}, cwd: '/nonexistent' });
    expect(unconfigured.isInitialized).toBe(false);
    await expect(unconfigured.initialize()).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
  });

  it('gives every connection of the pool the same session, the first included', async () => {
    const runners = Array.from({ length: 5 }, () => dataSource().createQueryRunner());
    const seen = await Promise.all(
      runners.map((runner) =>
        runner.query(
          'SELECT CONNECTION_ID() AS id, @@time_zone AS zone, @@sql_mode AS mode, @@autocommit AS auto',
        ),
      ),
    );
    await Promise.all(runners.map((runner) => runner.release()));
    expect(new Set(seen.map(([row]) => row.id)).size).toBe(5);
    expect(new Set(seen.map(([{ id: _id, ...rest }]) => JSON.stringify(rest))).size).toBe(1);
    expect(seen[0][0]).toMatchObject({ zone: '+00:00', auto: '1' });
    expect(seen[0][0].mode).not.toContain('NO_BACKSLASH_ESCAPES');
  });

  it('corrects a declared type that contradicts the server, and says so', async () => {
    const { flavour } = sharedServer();
    const wrong = flavour === 'mariadb' ? 'mysql' : 'mariadb';
    const { settings } = database;
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const declared = createDataSource({
      env: {
        DB_TYPE: wrong,
        DB_HOST: settings.host,
        DB_PORT: String(settings.port),
        DB_USERNAME: settings.username,
        DB_PASSWORD: settings.password,
        DB_DATABASE: settings.database,
      },
    });
    await declared.initialize();
    expect(declared.options.type).toBe(flavour);
    expect(declared.driver.options.type).toBe(flavour);
    expect(warning.mock.calls).toEqual([
      [expect.stringContaining(wrong), expect.objectContaining({ code: 'DECLARED_TYPE_WRONG' })],
    ]);
    warning.mockRestore();
    await declared.destroy();
  });

  it('can be initialized by several callers at once, and again after it was destroyed', async () => {
    const shared = createDataSource({ env: { DATABASE_URL: database.url } });
    const opened = await Promise.all([shared.initialize(), shared.initialize(), shared.initialize()]);
    expect(new Set(opened)).toEqual(new Set([shared]));
    await shared.destroy();
    await shared.initialize();
    expect(await shared.query("SELECT 'one' AS one")).toEqual([{ one: 'one' }]);
    await shared.destroy();
  });

  it('migrates at its start with migrationsRun, whatever transaction mode is asked for', async () => {
    const service = createDataSource({ env: { DATABASE_URL: database.url } });
    service.setOptions({ migrationsRun: true, migrationsTransactionMode: 'all' });
    await service.initialize();
    expect(await select(database.session, "SHOW TABLES LIKE 'protection_flow%'")).toHaveLength(2);
    await service.destroy();
  });

  it('logs no failure of a probe by the engine, and logs each failure of a statement by a program', async () => {
    const failed: string[] = [];
    const nothing = (): void => undefined;
    const logger: Logger = {
      logQuery: nothing,
      logQueryError: (_error, query) => void failed.push(query),
      logQuerySlow: nothing,
      logSchemaBuild: nothing,
      logMigration: nothing,
      log: nothing,
    };
    const service = createDataSource({ env: { DATABASE_URL: database.url } });
    await service.setOptions({ logger }).initialize();
    await service.runMigrations();
    expect((await verify(service)).verdict).toBe('proven');
    await service.undoLastMigration();
    expect(failed).toEqual([]);
    await expect(service.query('SELECT nothing FROM nowhere')).rejects.toThrow();
    expect(failed).toEqual(['SELECT nothing FROM nowhere']);
    await service.destroy();
  });

  it('refuses null and undefined in a condition, rather than finding every row', async () => {
    await dataSource().runMigrations();
    const flows = dataSource().getRepository(ProtectionFlow);
    await expect(flows.findBy({ schedule_id: null as never })).rejects.toThrow(/null/i);
    await expect(flows.findBy({ schedule_id: undefined })).rejects.toThrow(/undefined/i);
  });

  it('undoes the newest migration, and only that, with undoLastMigration', async () => {
    await dataSource().runMigrations();
    await dataSource().undoLastMigration();
    const names = await select(database.session, 'SELECT name FROM sendense_flow_migrations ORDER BY id');
    expect(names).toHaveLength(migrationCount - 1);
    expect(await dataSource().runMigrations()).toHaveLength(1);
  });

  it('lets several processes migrate at once: each succeeds, and every migration is recorded once', async () => {
    const sources = Array.from({ length: 6 }, () =>
      createDataSource({ env: { DATABASE_URL: database.url } }),
    );
    await Promise.all(sources.map((source) => source.initialize()));
    await Promise.all(sources.map((source) => source.runMigrations()));
    await Promise.all(sources.map((source) => source.destroy()));
    const names = await select<{ name: string }>(
      database.session,
      'SELECT name FROM sendense_flow_migrations',
    );
    expect(new Set(names.map((row) => row.name)).size).toBe(migrationCount);
    expect(names).toHaveLength(migrationCount);
  });

  it.each([
    ['synchronize()', 'SYNCHRONIZE_REFUSED', () => dataSource().synchronize()],
    ['synchronize(true)', 'SYNCHRONIZE_REFUSED', () => dataSource().synchronize()],
    ['dropDatabase()', 'DROP_REFUSED', () => dataSource().dropDatabase()],
    ['clearDatabase()', 'DROP_REFUSED', () => dataSource().createQueryRunner().clearDatabase()],
    ['runMigrations({ fake })', 'FAKE_REFUSED', () => dataSource().runMigrations({ fake: true })],
    ['undoLastMigration({ fake })', 'FAKE_REFUSED', () => dataSource().undoLastMigration({ fake: true })],
  ] as const)('refuses %s and leaves everything as it is', async (_what, code, call) => {
    await dataSource().runMigrations();
    const before = await catalogDump(database.session, everything);
    await expect(call()).rejects.toMatchObject({ code });
    expect(await catalogDump(database.session, everything)).toEqual(before);
  });

  it.each(['synchronize', 'dropSchema'] as const)(
    'refuses the option %s before it connects',
    async (option) => {
      const source = createDataSource({ env: { DATABASE_URL: 'mysql://u:p@127.0.0.1:1/none' } });
      source.setOptions({ [option]: true });
      await expect(source.initialize()).rejects.toMatchObject({ code: 'OPTION_REFUSED' });
    },
  );

  it.each([
    ['migrations', { migrations: [...migrations] }],
    ['migrations', { migrations: [] }],
    ['migrationsTableName', { migrationsTableName: 'migrations' }],
    ['entityPrefix', { entityPrefix: 'my_' }],
  ])('refuses %s of somebody else before it connects, rather than pass over it', async (option, options) => {
    const source = createDataSource({ env: { DATABASE_URL: 'mysql://u:p@127.0.0.1:1/none' } });
    source.setOptions(options);
    await expect(source.initialize()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { source: 'dataSource.setOptions', faults: [{ option }] },
    });
  });

  describe('a data source whose key cannot be added', () => {
    beforeEach(async () => {
      await dataSource().runMigrations();
      await database.session.query(
        'ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow',
      );
      await database.session.query(
        "INSERT INTO protection_flow_executions (flow_id, execution_type) VALUES ('gone', 'api')",
      );
      await dataSource().undoLastMigration();
    });
    const applied = async () =>
      (await select(database.session, 'SELECT name FROM sendense_flow_migrations')).length;

    it('makes all other changes in runMigrations, and tells the caller', async () => {
      await expect(dataSource().runMigrations()).rejects.toMatchObject({
        code: 'KEYS_REFUSED',
        details: {
          applied: [migrationList.at(-1)?.name],
          findings: [{ code: 'FK_ORPHAN_ROWS', key: 'fk_executions_flow' }],
        },
      });
      expect(await applied()).toBe(migrationList.length);
    });

    it('lets a service start, and warns', async () => {
      const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const service = createDataSource({ env: { DATABASE_URL: database.url } });
      await service.setOptions({ migrationsRun: true }).initialize();
      await service.destroy();
      expect(warning.mock.calls).toEqual([
        [expect.stringContaining('fk_executions_flow'), expect.objectContaining({ code: 'FK_ORPHAN_ROWS' })],
      ]);
      warning.mockRestore();
      expect(await applied()).toBe(migrationList.length);
    });
  });
});
