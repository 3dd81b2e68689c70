import { Body, Controller, Get, Param, Patch, Post } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ProtectionFlowsExceptionFilter, ProtectionFlowsModule } from '../../../src/nestjs';
import { FlowRepository, type FlowChanges, type NewFlow } from '../../../src/repositories';
import { buildFlow } from '../../../src/testing';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { useApps } from './apps';

/** As docs/nestjs.md has it: what a client sends goes to the repository as it came. */
@Controller('flows')
class FlowController {
  constructor(private readonly flows: FlowRepository) {}

  @Get(':id')
  get(@Param('id') id: string) {
    return this.flows.get(id);
  }

  @Post()
  create(@Body() body: NewFlow) {
    return this.flows.create(body);
  }

  @Patch(':id')
  change(@Param('id') id: string, @Body() body: FlowChanges) {
    return this.flows.update(id, body);
  }
}

describe('a request to a service that checks nothing itself', () => {
  const database = useDatabase();
  useDataSource(database);
  const apps = useApps();

  // Guards that a client that sends no body does not get 500, as for a fault of the service
  it('is answered with 400 when its body is missing or not an object', async () => {
    const { url } = await apps.listen({
      imports: [ProtectionFlowsModule.forRoot({ connection: { env: { DATABASE_URL: database.url } } })],
      controllers: [FlowController],
      providers: [{ provide: APP_FILTER, useClass: ProtectionFlowsExceptionFilter }],
    });
    const ask = async (method: string, path: string, body?: unknown) => {
      const response = await fetch(`${url}/flows${path}`, {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), connection: 'close' },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const refused = (field: string) => ({
      status: 400,
      body: { code: 'VALIDATION_FAILED', details: { fields: [{ field }] } },
    });
    const created = await ask('POST', '', buildFlow());
    expect(created.status).toBe(201);
    const id = String(created.body['id']);
    for (const body of [undefined, [], [buildFlow()]]) {
      expect(await ask('POST', '', body)).toMatchObject(refused('input'));
      expect(await ask('PATCH', `/${id}`, body)).toMatchObject(refused('changes'));
    }
    expect(await ask('GET', `/${encodeURIComponent('a\0b')}`)).toMatchObject(refused('id'));
    expect(await ask('PATCH', `/${id}`, { nmae: 'x' })).toMatchObject(refused('nmae'));
  });
});
