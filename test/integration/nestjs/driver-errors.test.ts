import { Controller, Get, HttpException, Inject, Query } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { createPool, type Pool } from 'mysql2/promise';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { entities, ProtectionFlow } from '../../../src/entities';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { ProtectionFlowsExceptionFilter, ProtectionFlowsModule } from '../../../src/nestjs';
import { ExecutionRepository, FlowRepository, DueFlowRepository } from '../../../src/repositories';
import { buildFlow } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { useApps } from './apps';

type Fault = (plain: DataSource, pool: Pool) => Promise<unknown>;

const insert = 'INSERT INTO protection_flows (name, flow_type, target_type, target_id, destination_type)';

/** What fails without this package having a hand in it, and what a client sees of it. */
const faults: Readonly<Record<string, readonly [Fault, number, string | undefined]>> = {
  'a taken name, by TypeORM': [
    async (plain) => {
      const flow = plain.manager.create(ProtectionFlow, buildFlow({ id: 'one', name: 'taken' }));
      await plain.manager.insert(ProtectionFlow, flow);
      return plain.manager.insert(ProtectionFlow, { ...flow, id: 'two' });
    },
    409,
    'FLOW_NAME_TAKEN',
  ],
  'a reference to a missing row, by TypeORM': [
    (plain) =>
      plain.manager.query(
        "INSERT INTO protection_flow_executions (flow_id, execution_type) VALUES ('nobody', 'api')",
      ),
    400,
    'REFERENCE_NOT_FOUND',
  ],
  'an unknown ENUM value, by mysql2': [
    (_plain, pool) => pool.query(`${insert} VALUES ('x', 'copy', 'vm', 'v', 'ossea')`),
    400,
    'VALIDATION_FAILED',
  ],
  // The server's message does not name the table; only the statement does
  'a taken id, by mysql2': [
    async (_plain, pool) => {
      const again = `${insert.replace('(', '(id, ')} VALUES ('same', UUID(), 'replication', 'vm', 'v', 'ossea')`;
      await pool.query(again);
      return pool.query(again);
    },
    409,
    'ID_TAKEN',
  ],
  'a killed connection': [
    async (plain, pool) => {
      const runner = plain.createQueryRunner();
      const [{ id }] = (await runner.query('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
      await pool.query(`KILL ${id}`);
      return runner.query('SELECT 1').finally(() => runner.release());
    },
    503,
    'CONNECTION_LOST',
  ],
  'an unreachable server, by mysql2': [
    async () => {
      const nowhere = createPool({ host: '127.0.0.1', port: 1 });
      return nowhere.query('SELECT 1').finally(() => nowhere.end());
    },
    503,
    'CONNECTION_REFUSED',
  ],
  'a repository whose DataSource was closed': [
    async ({ options }) => {
      const closed = await new DataSource(options).initialize();
      await closed.destroy();
      return new FlowRepository(closed.manager).list();
    },
    503,
    'CONNECTION_LOST',
  ],
  // The following faults belong to the application, and are answered as without this filter
  'a syntax error': [(plain) => plain.query('SELEKT 1'), 500, undefined],
  'a duplicate key in a table of the application': [
    async (_plain, pool) => {
      await pool.query('CREATE TABLE IF NOT EXISTS others (id int PRIMARY KEY)');
      await pool.query('REPLACE INTO others VALUES (1)');
      return pool.query('INSERT INTO others VALUES (1)');
    },
    500,
    undefined,
  ],
  'another unreachable service': [() => fetch('http://127.0.0.1:1'), 500, undefined],
  'a refused connection of another kind': [
    () => Promise.reject(Object.assign(new Error('cache'), { code: 'ECONNREFUSED', syscall: 'connect' })),
    500,
    undefined,
  ],
  "an exception of NestJS's": [() => Promise.reject(new HttpException('tea', 418)), 418, undefined],
};

@Controller()
class Api {
  constructor(
    @Inject('PLAIN') private readonly plain: DataSource,
    @Inject('POOL') private readonly pool: Pool,
  ) {}

  @Get('fail')
  fail(@Query('how') how: string) {
    return faults[how]![0](this.plain, this.pool);
  }
}

/** Guards that a client gets the same answer to a fault on any connection of the application. */
describe('the exception filter, given errors of the driver,', () => {
  const database = useDatabase();
  useDataSource(database);
  const apps = useApps();
  let plain: DataSource;
  let pool: Pool;
  let url: string;

  beforeAll(async () => {
    const { username: user, ...address } = database.settings;
    pool = createPool({ ...address, user });
    plain = await new DataSource({
      type: sharedServer().flavour,
      ...database.settings,
      entities,
    } as DataSourceOptions).initialize();
  });
  afterAll(async () => {
    await plain.destroy();
    await pool.end();
  });
  beforeEach(async () => {
    ({ url } = await apps.listen({
      controllers: [Api],
      providers: [
        { provide: 'PLAIN', useFactory: () => plain },
        { provide: 'POOL', useFactory: () => pool },
        { provide: APP_FILTER, useClass: ProtectionFlowsExceptionFilter },
      ],
    }));
  });

  it.each(Object.keys(faults))('gives the right status for %s', async (how) => {
    const [, status, code] = faults[how]!;
    const response = await fetch(`${url}/fail?how=${encodeURIComponent(how)}`, {
      headers: { connection: 'close' },
    });
    const body = (await response.json()) as { code?: string };
    expect({ status: response.status, code: body.code }).toEqual({ status, code });
  });
});

@Controller()
class EarlyApi {
  constructor(
    private readonly flows: FlowRepository,
    private readonly executions: ExecutionRepository,
    private readonly due: DueFlowRepository,
    private readonly dataSource: ProtectionFlowsDataSource,
  ) {}

  @Get('early')
  early(@Query('call') call: string) {
    return this.calls()[call]!();
  }

  calls(): Record<string, () => Promise<unknown>> {
    return {
      'flows.list': () => this.flows.list(),
      'flows.create': () => this.flows.create(buildFlow()),
      'flows.delete': () => this.flows.delete('x'),
      'executions.start': () => this.executions.start({ flow_id: 'x', execution_type: 'api' }),
      'executions.history': () => this.executions.history('x'),
      'dueFlows.claimDue': () => this.due.claimDue({ worker: 'w' }),
      "TypeORM's find": () => this.dataSource.getRepository(ProtectionFlow).find(),
    };
  }
}

/** Guards that a program which is up before its tables says what is missing, and is asked again later. */
describe('a service before the first migrate', () => {
  const database = useDatabase({ platform: 'none' });
  const apps = useApps();

  it('answers each call with 503, MIGRATION_PENDING', async () => {
    const { app, url } = await apps.listen({
      imports: [ProtectionFlowsModule.forRoot({ connection: { env: { DATABASE_URL: database.url } } })],
      controllers: [EarlyApi],
      providers: [{ provide: APP_FILTER, useClass: ProtectionFlowsExceptionFilter }],
    });
    const calls = Object.keys(app.get(EarlyApi).calls());
    const answers = await Promise.all(
      calls.map(async (call) => {
        const response = await fetch(`${url}/early?call=${encodeURIComponent(call)}`, {
          headers: { connection: 'close' },
        });
        const { code } = (await response.json()) as { code?: string };
        return [call, response.status, code];
      }),
    );
    expect(answers).toEqual(calls.map((call) => [call, 503, 'MIGRATION_PENDING']));
    expect(apps.log.errors.join()).toContain('Run protection-flows migrate');
  });
});
