import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { dataSource as sharedDataSource } from '../../../src/data-source';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { ProtectionFlowsModule } from '../../../src/nestjs';
import { FlowRepository } from '../../../src/repositories';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { waitFor } from '../../support/wait-for';
import { isSleeping, otherSessions, useApps } from './apps';

@Injectable()
class LastWords implements OnApplicationShutdown {
  said: unknown;

  constructor(private readonly flows: FlowRepository) {}

  async onApplicationShutdown(): Promise<void> {
    this.said = await this.flows.summary().catch((error: unknown) => error);
  }
}

@Module({ imports: [], providers: [LastWords], exports: [LastWords] })
class UserOfGlobal {}

/** Guards that an application leaves no connection behind, and closes none that is not its own. */
describe('shutting down', () => {
  const database = useDatabase();
  const observer = useDataSource(database);
  const apps = useApps();

  const connection = () => ({ env: { DATABASE_URL: database.url } });
  const sessions = () => otherSessions(database.session);
  /** The server needs a moment to notice that a connection is closed. */
  const closedDownTo = (count: number) => waitFor(async () => (await sessions()) === count);
  /** A pool of several connections, each open. */
  const fill = (dataSource: ProtectionFlowsDataSource) =>
    Promise.all([1, 2, 3].map(() => dataSource.query('SELECT SLEEP(0.05)')));

  let before: number;
  const url = process.env.DATABASE_URL;
  beforeAll(async () => {
    // Nothing but what the tests open should come and go
    await observer().destroy();
    process.env.DATABASE_URL = database.url;
    await closedDownTo(0);
  });
  afterAll(() => {
    if (url === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = url;
  });
  beforeEach(async () => {
    before = await sessions();
  });

  it('closes every connection that the module opened', async () => {
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot({ connection: connection() })] });
    await fill(app.get(ProtectionFlowsDataSource, { strict: false }));
    expect(await sessions()).toBeGreaterThanOrEqual(before + 3);

    await app.close();

    await closedDownTo(before);
  });

  it('comes after the last calls to the repositories', async () => {
    @Module({
      imports: [ProtectionFlowsModule.forRoot({ connection: connection() })],
      providers: [LastWords],
      exports: [LastWords],
    })
    class UserModule {}
    for (const imports of [
      [UserModule],
      [UserOfGlobal, ProtectionFlowsModule.forRoot({ connection: connection(), isGlobal: true })],
    ]) {
      const app = await apps.start({ imports });
      const words = app.get(LastWords, { strict: false });
      await app.close();
      expect(words.said).toMatchObject({ totalFlows: 0 });
    }
  });

  it('uses the shared data source where no connection is given, and closes it', async () => {
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot()] });
    expect(app.get(ProtectionFlowsDataSource, { strict: false })).toBe(sharedDataSource);
    expect(sharedDataSource.database).toBe(database.name);

    await app.close();

    expect(sharedDataSource.isInitialized).toBe(false);
    await closedDownTo(before);
  });

  it('closes the shared data source with the last of the applications that use it', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => apps.start({ imports: [ProtectionFlowsModule.forRoot()] })),
    );
    await first!.close();
    const flows = second!.get(FlowRepository, { strict: false });
    await expect(flows.summary()).resolves.toMatchObject({ totalFlows: 0 });

    await second!.close();

    expect(sharedDataSource.isInitialized).toBe(false);
  });

  it('does not close the shared data source under an application that starts meanwhile', async () => {
    const first = await apps.start({ imports: [ProtectionFlowsModule.forRoot()] });
    // Closing waits for what is under way
    const underWay = sharedDataSource.query('SELECT SLEEP(1)');
    await waitFor(() => isSleeping(database.session));
    const destroy = jest.spyOn(sharedDataSource, 'destroy');
    const closing = first.close();
    await waitFor(() => destroy.mock.calls.length > 0);
    const second = await apps.start({ imports: [ProtectionFlowsModule.forRoot()] });
    await Promise.all([underWay, closing]);
    destroy.mockRestore();
    const flows = second.get(FlowRepository, { strict: false });
    await expect(flows.summary()).resolves.toMatchObject({ totalFlows: 0 });
    await second.close();
    expect(sharedDataSource.isInitialized).toBe(false);
  });

  it('does not count an application that did not start among those that use the shared data source', async () => {
    process.env.DATABASE_URL = 'mysql://nobody@127.0.0.1:1/nowhere';
    const failing = apps.start({ imports: [ProtectionFlowsModule.forRoot({ retryAttempts: 0 })] });
    await expect(failing).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
    process.env.DATABASE_URL = database.url;

    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot()] });
    await app.close();

    expect(sharedDataSource.isInitialized).toBe(false);
  });

  it('leaves the shared data source open for a program that had connected it before', async () => {
    await sharedDataSource.initialize();
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot()] });
    await app.close();
    expect(sharedDataSource.isInitialized).toBe(true);
    await sharedDataSource.destroy();
  });

  it.each([
    { given: 'nothing', destroyOnShutdown: undefined, open: true },
    { given: 'to leave it', destroyOnShutdown: false, open: true },
    { given: 'to close it', destroyOnShutdown: true, open: false },
  ])('leaves a data source that it was given as it was told: $given', async ({ destroyOnShutdown, open }) => {
    const dataSource = createDataSource(connection());
    const app = await apps.start({
      imports: [ProtectionFlowsModule.forRoot({ dataSource, destroyOnShutdown })],
    });
    await app.close();
    expect(dataSource.isInitialized).toBe(open);
    if (open) await dataSource.destroy();
  });

  it('leaves its own data source open when told to', async () => {
    const app = await apps.start({
      imports: [ProtectionFlowsModule.forRoot({ connection: connection(), destroyOnShutdown: false })],
    });
    const dataSource = app.get(ProtectionFlowsDataSource, { strict: false });
    await app.close();
    expect(dataSource.isInitialized).toBe(true);
    await dataSource.destroy();
  });

  it('does not fail when other code has already closed the data source', async () => {
    const app = await apps.start({ imports: [ProtectionFlowsModule.forRoot({ connection: connection() })] });
    await app.get(ProtectionFlowsDataSource, { strict: false }).destroy();
    await app.close();
    expect(apps.log.errors).toEqual([]);
  });
});
