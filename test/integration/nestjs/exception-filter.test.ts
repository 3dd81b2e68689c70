import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Param,
  Patch,
  Post,
  Query,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { errorCodes, ProtectionFlowsError, type ErrorCode } from '../../../src/errors';
import { ProtectionFlowsExceptionFilter, ProtectionFlowsModule, httpStatuses } from '../../../src/nestjs';
import {
  ExecutionRepository,
  FlowRepository,
  type FlowChanges,
  type NewFlow,
} from '../../../src/repositories';
import { buildFlow, createRepository } from '../../../src/testing';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { useDatabase, usePrivateServer } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { useApps } from './apps';

const noFlow = () =>
  new ProtectionFlowsError('FLOW_NOT_FOUND', { message: 'no flow', remedy: 'Look.', details: { id: '1' } });
const secret = 'p@ss#word of oma_user at 10.1.2.3';

@Controller()
class Api {
  constructor(
    private readonly flows: FlowRepository,
    private readonly executions: ExecutionRepository,
    private readonly dataSource: ProtectionFlowsDataSource,
  ) {}

  @Get('flows/:id')
  get(@Param('id') id: string) {
    return this.flows.get(id);
  }

  @Post('flows')
  create(@Body() body: NewFlow) {
    return this.flows.create(body);
  }

  @Patch('flows/:id')
  change(@Param('id') id: string, @Body() body: FlowChanges) {
    return this.flows.update(id, body);
  }

  @Post('flows/:id/execute')
  execute(@Param('id') flow_id: string) {
    return this.executions.start({ flow_id, execution_type: 'manual' });
  }

  @Post('flows/:id/queue')
  queue(@Param('id') flow_id: string) {
    return this.executions.enqueue({ flow_id, execution_type: 'manual' });
  }

  @Post('executions/:id/finish')
  finish(@Param('id') id: string) {
    return this.executions.finish(id, { status: 'success' });
  }

  @Delete('repositories/:id')
  deleteRepository(@Param('id') id: string) {
    return this.dataSource.query('DELETE FROM backup_repositories WHERE id = ?', [id]);
  }

  @Get('fail')
  fail(@Query('code') code: ErrorCode) {
    throw new ProtectionFlowsError(code, {
      message: secret,
      remedy: secret,
      details: { secret } as never,
      cause: new Error(secret),
    });
  }

  @Get('report.csv')
  @Header('Content-Type', 'text/csv')
  report(): StreamableFile {
    throw noFlow();
  }

  @Get('half')
  half(@Res() response: ServerResponse) {
    response.write('begun, ');
    throw noFlow();
  }

  @Get('other')
  other() {
    throw new TypeError('of the application');
  }
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** Guards what a client sees of an error: the right status, what it needs to correct itself, nothing that it must not see. */
describe('ProtectionFlowsExceptionFilter', () => {
  const server = usePrivateServer();
  const database = useDatabase({ server });
  useDataSource(database);
  const apps = useApps();
  let url: string;

  const module = () => ({
    imports: [ProtectionFlowsModule.forRoot({ connection: { env: { DATABASE_URL: database.url } } })],
    controllers: [Api],
  });
  beforeEach(async () => {
    const filter = { provide: APP_FILTER, useClass: ProtectionFlowsExceptionFilter };
    ({ url } = await apps.listen({ ...module(), providers: [filter] }));
  });

  afterEach(async () => {
    if (!server.isRunning) await server.restart();
  });

  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${url}/${path}`, {
      method,
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text,
      body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  };
  const newFlow = async (overrides: Partial<NewFlow> = {}): Promise<string> => {
    const { status, body } = await ask('POST', 'flows', { ...buildFlow(), ...overrides });
    expect(status).toBe(201);
    return String(body.id);
  };

  it('answers wrong input with 400, every wrong field and its remedy', async () => {
    const { status, body } = await ask('POST', 'flows', {
      name: ' ',
      flow_type: 'backup',
      target_type: 'vm',
    });
    expect(status).toBe(400);
    expect(body).toEqual({
      statusCode: 400,
      code: 'VALIDATION_FAILED',
      message: expect.stringMatching(/^ProtectionFlow is not valid: name must not be blank; /),
      remedy: expect.stringContaining('Correct name, '),
      details: {
        entity: 'ProtectionFlow',
        fields: expect.arrayContaining([
          { field: 'name', constraints: { isNotBlank: 'name must not be blank' } },
          expect.objectContaining({ field: 'repository_id' }),
          expect.objectContaining({ field: 'target_id' }),
        ]),
      },
    });
  });

  it('answers a reference to a missing row with 400', async () => {
    const answer = await ask('PATCH', `flows/${await newFlow()}`, { policy_id: 'nobody' });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'REFERENCE_NOT_FOUND', details: { field: 'policy_id' } },
    });
  });

  it('answers a request for a missing row with 404', async () => {
    expect(await ask('GET', 'flows/nobody')).toMatchObject({ status: 404, body: { code: 'FLOW_NOT_FOUND' } });
    expect(await ask('POST', 'flows/nobody/execute')).toMatchObject({
      status: 404,
      body: { code: 'FLOW_NOT_FOUND' },
    });
    expect(await ask('POST', 'executions/nobody/finish')).toMatchObject({
      status: 404,
      body: { code: 'EXECUTION_NOT_FOUND' },
    });
  });

  it('answers a conflict with the current state with 409', async () => {
    const id = await newFlow();
    const { body: flow } = await ask('GET', `flows/${id}`);
    expect(await ask('POST', 'flows', buildFlow({ name: String(flow.name) }))).toMatchObject({
      status: 409,
      body: { code: 'FLOW_NAME_TAKEN', details: { name: flow.name } },
    });
    const { body: run } = await ask('POST', `flows/${id}/execute`);
    expect(await ask('POST', `flows/${id}/execute`)).toMatchObject({
      status: 409,
      body: { code: 'FLOW_STILL_RUNNING', details: { executionId: run.id } },
    });
    const { body: waiting } = await ask('POST', `flows/${id}/queue`);
    expect(await ask('POST', `executions/${String(waiting.id)}/finish`)).toMatchObject({
      status: 409,
      body: { code: 'TRANSITION_REFUSED' },
    });
    const repository = await createRepository(database.session);
    await newFlow({ flow_type: 'backup', repository_id: repository.id, destination_type: null });
    expect(await ask('DELETE', `repositories/${repository.id}`)).toMatchObject({
      status: 409,
      body: { code: 'STILL_REFERENCED' },
    });
  });

  it('answers with 503 while the server is away, and serves again when it is back', async () => {
    const id = await newFlow();
    await server.kill();
    const answer = await ask('GET', `flows/${id}`);
    expect(answer).toMatchObject({
      status: 503,
      body: {
        statusCode: 503,
        message: 'The service cannot do this at the moment; try again later.',
        details: {},
      },
    });
    expect(answer.body.code).toMatch(/^CONNECTION_/);
    expect(answer.text).not.toContain(server.host);
    expect(apps.log.errors.join()).toContain(String(answer.body.code));

    await server.restart();
    expect(await ask('GET', `flows/${id}`)).toMatchObject({ status: 200 });
  });

  it.each(Object.keys(errorCodes) as ErrorCode[])(
    'has a status for %s, and never sends details for operators',
    async (code) => {
      const { status, body, text } = await ask('GET', `fail?code=${code}`);
      const expected = (httpStatuses as Partial<Record<ErrorCode, number>>)[code] ?? 500;
      expect({ status, statusCode: body.statusCode, code: body.code }).toEqual({
        status: expected,
        statusCode: expected,
        code,
      });
      expect(
        Object.keys(body).filter(
          (key) => !['statusCode', 'code', 'message', 'remedy', 'details'].includes(key),
        ),
      ).toEqual([]);
      expect(text).not.toMatch(/exception-filter\.test|"cause"|"stack"/);
      if (status < 500) {
        expect(body).toMatchObject({ message: secret, remedy: secret, details: { secret } });
        expect(apps.log.errors).toEqual([]);
      } else {
        expect(text).not.toContain(secret);
        expect(apps.log.errors).toEqual([`${code}: ${secret}. ${secret}`]);
      }
    },
  );

  it('answers in JSON even when the handler had set another type', async () => {
    expect(await ask('GET', 'report.csv')).toMatchObject({
      status: 404,
      type: 'application/json; charset=utf-8',
      body: { code: 'FLOW_NOT_FOUND' },
    });
  });

  it('ends an answer that has already begun', async () => {
    expect(await ask('GET', 'half')).toMatchObject({ status: 200, text: 'begun, ' });
    expect(apps.log.errors).toEqual([]);
  });

  it('passes other errors to the application', async () => {
    expect(await ask('GET', 'other')).toMatchObject({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
    expect(await ask('GET', 'nowhere')).toMatchObject({ status: 404, body: { error: 'Not Found' } });
  });

  it('works as a global filter without injection', async () => {
    ({ url } = await apps.listen(module(), (app) =>
      app.useGlobalFilters(new ProtectionFlowsExceptionFilter()),
    ));
    expect(await ask('GET', 'flows/nobody')).toMatchObject({ status: 404, body: { code: 'FLOW_NOT_FOUND' } });
  });
});
