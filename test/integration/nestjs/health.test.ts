import { Controller, Get } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { migrate } from '../../../src/engine/migrate';
import { ProtectionFlowsHealth, ProtectionFlowsModule } from '../../../src/nestjs';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { openDataSource } from '../../support/data-source';
import { useDatabase, usePrivateServer } from '../../support/database';
import { waitFor } from '../../support/wait-for';
import { otherSessions, useApps } from './apps';

@Controller('health')
class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly flows: ProtectionFlowsHealth,
  ) {}

  @Get()
  check() {
    return this.checks.check([() => this.flows.check('flows', { timeoutMs: 3_000 })]);
  }
}

// Guards that a load balancer sends no requests to a service that cannot answer.
describe('ProtectionFlowsHealth', () => {
  const server = usePrivateServer();
  const database = useDatabase({ server, per: 'each' });
  const apps = useApps();
  afterEach(async () => {
    if (!server.isRunning) await server.restart();
  });

  const start = async () => {
    const { app, url } = await apps.listen({
      imports: [
        TerminusModule.forRoot({ logger: false }),
        ProtectionFlowsModule.forRoot({
          connection: { env: { DATABASE_URL: database.url } },
          migrationsRun: true,
        }),
      ],
      controllers: [HealthController],
    });
    const health = async () => {
      const answer = await fetch(`${url}/health`);
      const body = (await answer.json()) as { details: { flows: unknown } };
      expect(JSON.stringify(body)).not.toMatch(
        new RegExp(`${database.name}|127\\.0\\.0\\.1|${server.password}`),
      );
      return [answer.status, body.details.flows];
    };
    return { app, health };
  };

  it('is up when the program fits the schema, and otherwise down with the reason', async () => {
    const { app, health } = await start();
    expect(await health()).toEqual([200, { status: 'up', schema: 'fits' }]);
    await database.session.query('ALTER TABLE protection_flows DROP COLUMN description');
    expect(await health()).toEqual([503, { status: 'down', code: 'SCHEMA_UNFIT', schema: 'differs' }]);
    await database.session.query('DELETE FROM sendense_flow_migrations');
    expect(await health()).toEqual([503, { status: 'down', code: 'SCHEMA_UNFIT', schema: 'absent' }]);
    const { status } = (await app.get(ProtectionFlowsHealth, { strict: false }).check()).protection_flows;
    expect(status).toBe('down');
  });

  it('is down while the server is away, and up again by itself', async () => {
    const { health } = await start();
    await server.kill();
    expect(await health()).toEqual([
      503,
      { status: 'down', code: expect.stringMatching(/^CONNECTION_(LOST|REFUSED)$/) as string },
    ]);
    await server.restart();
    await waitFor(async () => (await health())[0] === 200);
  });

  it('is down when the server does not answer', async () => {
    const { health } = await start();
    process.kill(server.pid, 'SIGSTOP');
    const answer = await health().finally(() => process.kill(server.pid, 'SIGCONT'));
    expect(answer).toEqual([503, { status: 'down', code: 'CONNECTION_TIMEOUT' }]);
  });

  it('refuses wrong arguments', async () => {
    const health = new ProtectionFlowsHealth({} as never);
    for (const [key, options] of [
      ['', {}],
      ['flows', { timeoutMs: 0 }],
      ['flows', { timeout: 1 }],
    ] as const)
      await expect(health.check(key, options as never)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('schemaWaitMs', () => {
  const database = useDatabase({ per: 'each' });
  const apps = useApps();
  const start = (schemaWaitMs: number | null) => {
    const options = {
      connection: { env: { DATABASE_URL: database.url } },
      schemaWaitMs: schemaWaitMs as number,
    };
    return apps.start({ imports: [ProtectionFlowsModule.forRoot(options)] });
  };

  // For every option a null is as good as not given: this one was handed to a timer, which threw a TypeError
  it('skips the schema check when it is null', async () => {
    await expect(start(null)).resolves.toBeDefined();
  });

  it('prevents an application from starting on a schema that does not fit, and leaves no connection open', async () => {
    await expect(start(0)).rejects.toMatchObject({ code: 'SCHEMA_UNFIT', details: { state: 'absent' } });
    await waitFor(async () => (await otherSessions(database.session)) === 0);
  });

  it('lets an application start once another program has migrated, and warns meanwhile', async () => {
    const starting = start(60_000);
    await waitFor(() =>
      apps.log.warnings.some((line) => line.startsWith('waiting: the schema is not there')),
    );
    const other = await openDataSource(database);
    await migrate(other).finally(() => other.destroy());
    expect((await starting).get(ProtectionFlowsDataSource, { strict: false }).isInitialized).toBe(true);
  });
});
