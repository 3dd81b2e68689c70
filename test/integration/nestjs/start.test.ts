import { createDataSource } from '../../../src/typeorm/create-data-source';
import { migrationList } from '../../../src/migrations';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { ProtectionFlowsModule } from '../../../src/nestjs';
import { FlowRepository } from '../../../src/repositories';
import { verify } from '../../../src/engine/verify';
import { buildFlow } from '../../../src/testing';
import { useDatabase, usePrivateServer } from '../../support/database';
import { waitFor } from '../../support/wait-for';
import { otherSessions, useApps } from './apps';

/** Guards an application's start: the schema that it needs, and a server that is not up yet. */
describe('starting', () => {
  const server = usePrivateServer();
  const database = useDatabase({ server, per: 'each' });
  const apps = useApps();

  const connection = () => ({ env: { DATABASE_URL: database.url } });
  const patient = { retryAttempts: 200, retryDelayMs: 20 };
  const impatient = { retryAttempts: 2, retryDelayMs: 1 };

  afterEach(async () => {
    if (!server.isRunning) await server.restart();
  });

  it('migrates nothing unless told to', async () => {
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot({ connection: connection() })] });
    const dataSource = app.get(ProtectionFlowsDataSource, { strict: false });
    expect(await dataSource.query(`SHOW TABLES LIKE '%flow%'`)).toEqual([]);
  });

  it('migrates and proves the schema before it serves requests', async () => {
    const app = await apps.start({
      imports: [ProtectionFlowsModule.forRoot({ connection: connection(), migrationsRun: true })],
    });
    const dataSource = app.get(ProtectionFlowsDataSource, { strict: false });
    expect((await verify(dataSource)).verdict).toBe('proven');
  });

  it('logs each migration, and warns of each key that was not added, deferred or refused', async () => {
    await database.connection.query('DROP TABLE schedule_executions');
    const start = () =>
      apps.start({
        imports: [ProtectionFlowsModule.forRoot({ connection: connection(), migrationsRun: true })],
      });
    const warning = jest.spyOn(process, 'emitWarning');
    const first = await start();
    expect(apps.log.lines.filter((line) => line.endsWith(' applied'))).toEqual(
      migrationList.map(({ name }) => `${name} applied`),
    );
    expect(apps.log.warnings).toEqual([
      expect.stringMatching(/^FK_PARENT_MISSING: fk_executions_schedule .*a later migrate adds it$/),
    ]);

    const dataSource = first.get(ProtectionFlowsDataSource, { strict: false });
    await dataSource.query('ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow');
    await dataSource.query(
      "INSERT INTO protection_flow_executions (flow_id, execution_type) VALUES ('gone', 'api')",
    );
    await start();
    expect(apps.log.lines.filter((line) => line.endsWith(' applied'))).toEqual([]);
    expect(apps.log.warnings).toEqual([
      expect.stringMatching(/^FK_PARENT_MISSING: fk_executions_schedule /),
      expect.stringMatching(/^FK_ORPHAN_ROWS: fk_executions_flow was not added: .*prints the fix$/),
    ]);
    expect(warning).not.toHaveBeenCalled();
    warning.mockRestore();
  });

  it('migrates on a data source that is already connected', async () => {
    const dataSource = await createDataSource(connection()).initialize();
    const app = await apps.start({
      imports: [ProtectionFlowsModule.forRoot({ dataSource, migrationsRun: true, destroyOnShutdown: true })],
    });
    await expect(app.get(FlowRepository, { strict: false }).create(buildFlow())).resolves.toMatchObject({
      enabled: true,
    });
  });

  it('migrates when one of two applications on the shared data source asks for it', async () => {
    process.env.DATABASE_URL = database.url;
    try {
      const [, app] = await Promise.all([
        apps.start({ imports: [ProtectionFlowsModule.forRoot()] }),
        apps.start({ imports: [ProtectionFlowsModule.forRoot({ migrationsRun: true })] }),
      ]);
      const dataSource = app.get(ProtectionFlowsDataSource, { strict: false });
      expect((await verify(dataSource)).verdict).toBe('proven');
    } finally {
      delete process.env.DATABASE_URL;
    }
  });

  it('fails without an open connection when the migration is refused', async () => {
    await database.connection.query('CREATE TABLE protection_flows (id INT PRIMARY KEY)');
    await expect(
      apps.start({
        imports: [ProtectionFlowsModule.forRoot({ connection: connection(), migrationsRun: true })],
      }),
    ).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    await waitFor(async () => (await otherSessions(database.session)) === 0);
  });

  it('waits for a server that starts late', async () => {
    await server.kill();
    const starting = apps.start({
      imports: [ProtectionFlowsModule.forRoot({ connection: connection(), ...patient, migrationsRun: true })],
    });
    await waitFor(() => apps.log.warnings.length >= 2);
    await server.restart();

    const app = await starting;

    expect(apps.log.warnings[0]).toMatch(
      /^attempt 1 of 201 to connect failed: CONNECTION_REFUSED: nothing accepts/,
    );
    expect(apps.log.warnings.join()).not.toContain(server.password);
    await expect(app.get(FlowRepository, { strict: false }).list()).resolves.toMatchObject({ items: [] });
  });

  it('gives up after the configured number of attempts', async () => {
    await server.kill();
    await expect(
      apps.start({ imports: [ProtectionFlowsModule.forRoot({ connection: connection(), ...impatient })] }),
    ).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
    expect(apps.log.warnings.map((line) => line.slice(0, 14))).toEqual(['attempt 1 of 3', 'attempt 2 of 3']);
  });

  it('gives up at once when told not to retry', async () => {
    await server.kill();
    await expect(
      apps.start({
        imports: [ProtectionFlowsModule.forRoot({ connection: connection(), retryAttempts: 0 })],
      }),
    ).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
    expect(apps.log.warnings).toEqual([]);
  });

  it.each([
    ['a wrong password', () => ({ ...database.settings, password: 'wrong' }), 'ACCESS_DENIED'],
    ['a missing database', () => ({ ...database.settings, database: 'nowhere' }), 'DATABASE_MISSING'],
    ['a missing configuration', () => ({ env: {}, cwd: __dirname }), 'CONFIG_MISSING'],
  ])('does not try again after %s', async (_what, wrong, code) => {
    await expect(
      apps.start({ imports: [ProtectionFlowsModule.forRoot({ connection: wrong(), ...impatient })] }),
    ).rejects.toMatchObject({ code });
    expect(apps.log.warnings).toEqual([]);
  });
});
