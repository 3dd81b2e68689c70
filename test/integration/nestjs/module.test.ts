import { Injectable, Module } from '@nestjs/common';
import { buildFlow } from '../../../src/testing';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { ProtectionFlowsModule } from '../../../src/nestjs';
import {
  DueFlowRepository,
  ExecutionRepository,
  FlowRepository,
  RetentionRepository,
  TargetRepository,
} from '../../../src/repositories';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { useApps } from './apps';

@Injectable()
class Reports {
  constructor(readonly flows: FlowRepository) {}
}

@Module({ providers: [Reports], exports: [Reports] })
class ReportsModule {}

/** Guards that the module gives an application everything it promises, by class, and only to whom it should. */
describe('ProtectionFlowsModule.forRoot', () => {
  const database = useDatabase();
  const second = useDatabase();
  const connected = useDataSource(database);
  useDataSource(second);
  const apps = useApps();

  const connection = (of = database) => ({ env: { DATABASE_URL: of.url } });

  it('provides the data source, connected, and every repository, by its class', async () => {
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot({ connection: connection() })] });

    const dataSource = app.get(ProtectionFlowsDataSource, { strict: false });
    expect(dataSource.isInitialized).toBe(true);
    expect(dataSource.database).toBe(database.name);
    for (const Repository of [
      FlowRepository,
      ExecutionRepository,
      DueFlowRepository,
      RetentionRepository,
      TargetRepository,
    ]) {
      expect(app.get(Repository, { strict: false })).toBeInstanceOf(Repository);
    }
  });

  it('provides repositories that work on that data source', async () => {
    const app = await apps.start({
      imports: [ProtectionFlowsModule.forRoot({ connection: database.settings })],
      providers: [Reports],
    });

    const flow = await app.get(Reports).flows.create(buildFlow());
    const dataSource = app.get(ProtectionFlowsDataSource, { strict: false });
    const [row] = await dataSource.query('SELECT name FROM protection_flows WHERE id = ?', [flow.id]);
    expect(row).toEqual({ name: flow.name });
    await expect(app.get(TargetRepository, { strict: false }).check(flow.id)).resolves.toMatchObject([
      { field: 'target_id' },
    ]);
  });

  it('is visible only to modules that import it', async () => {
    // One that the test closes: where an application does not start, none of its hooks is called
    const start = apps.start({
      imports: [ProtectionFlowsModule.forRoot({ dataSource: connected() }), ReportsModule],
    });
    await expect(start).rejects.toThrow(/resolve dependencies of the Reports.*FlowRepository/s);
  });

  it('is visible to every module when global', async () => {
    const app = await apps.start({
      imports: [ProtectionFlowsModule.forRoot({ connection: connection(), isGlobal: true }), ReportsModule],
    });
    expect(app.get(Reports, { strict: false }).flows).toBeInstanceOf(FlowRepository);
  });

  it.each(['reference', 'deep-hash'] as const)(
    'gives two modules that import it two databases (modules distinguished by %s)',
    async (moduleIdGeneratorAlgorithm) => {
      @Module({
        imports: [ProtectionFlowsModule.forRoot({ connection: connection(second) })],
        providers: [{ provide: 'second', useExisting: FlowRepository }],
        exports: ['second'],
      })
      class SecondModule {}
      const { Test } = await import('@nestjs/testing');
      const app = await Test.createTestingModule(
        {
          imports: [ProtectionFlowsModule.forRoot({ connection: connection() }), SecondModule],
          providers: [Reports],
        },
        { moduleIdGeneratorAlgorithm },
      ).compile();
      try {
        const flow = await app.get<FlowRepository>('second', { strict: false }).create(buildFlow());
        await expect(app.get(Reports).flows.find(flow.id)).resolves.toBeNull();
      } finally {
        await app.close();
      }
    },
  );

  it('works on a given data source, and connects it if needed', async () => {
    const dataSource = createDataSource(connection());
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot({ dataSource })] });

    expect(app.get(ProtectionFlowsDataSource, { strict: false })).toBe(dataSource);
    expect(dataSource.isInitialized).toBe(true);
    await dataSource.destroy();
  });

  it('opens no connection when a test replaces its data source', async () => {
    const ofTest = await createDataSource(connection(second)).initialize();
    const unreachable = { ...database.settings, port: 1 };
    const app = await apps.start(
      { imports: [ProtectionFlowsModule.forRoot({ connection: unreachable })], providers: [Reports] },
      (builder) => builder.overrideProvider(ProtectionFlowsDataSource).useValue(ofTest),
    );

    const flow = await app.get(Reports).flows.create(buildFlow());
    const [row] = await ofTest.query('SELECT COUNT(*) AS found FROM protection_flows WHERE id = ?', [
      flow.id,
    ]);
    expect(Number((row as { found: unknown }).found)).toBe(1);
    await app.close();
    expect(ofTest.isInitialized).toBe(true);
    await ofTest.destroy();
  });
});
