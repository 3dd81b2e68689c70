import { useDatabase, usePrivateServer } from '../../support/database';
import { createFlow, faultOf, startApi, type Api } from './api';
import { addPlatformRows, backupOfGroup } from './platform';
import { waitForPrograms } from './programs';

/** Guards that a client of the example API learns its faults: the status, and the name of every wrong field. */
describe("the example API's faults", () => {
  const server = usePrivateServer();
  const database = useDatabase({ platform: 'mixed', server });
  let api: Api;
  beforeAll(async () => {
    await addPlatformRows(database);
    api = await startApi(database.url);
  });

  it('names every wrong field of a new flow at once', async () => {
    const wrong = { name: '', flow_type: 'backup', target_type: 'disk', enabled: 'yes', surprise: 1 };
    expect(await faultOf(api, 'POST', '', wrong)).toEqual({
      status: 400,
      code: 'VALIDATION_FAILED',
      fields: ['enabled', 'name', 'repository_id', 'surprise', 'target_id', 'target_type'],
    });
    const { body } = await api.request('POST', '', wrong);
    expect(body).toMatchObject({
      statusCode: 400,
      details: {
        fields: expect.arrayContaining([
          { field: 'surprise', constraints: { whitelistValidation: 'property surprise should not exist' } },
          { field: 'target_id', constraints: { isDefined: 'target_id should not be null or undefined' } },
        ]) as unknown,
      },
    });
    expect(await faultOf(api, 'POST', '')).toMatchObject({
      status: 400,
      fields: ['flow_type', 'name', 'target_id', 'target_type'],
    });
    const replication = backupOfGroup({ flow_type: 'replication', repository_id: undefined });
    expect(await faultOf(api, 'POST', '', replication)).toMatchObject({
      status: 400,
      fields: ['destination_type'],
    });
    expect(await api.request('POST', '', '{ "name": ')).toMatchObject({ status: 400 });
  });

  it('does not read forms, because any website can send one from the browser of a user', async () => {
    const body = new URLSearchParams(backupOfGroup() as Record<string, string>);
    const url = `${api.origin}/api/v1/protection-flows`;
    expect((await fetch(url, { method: 'POST', body })).status).toBe(400);
  });

  it('answers 400 to a reference to a missing row, and 409 to a name that is taken', async () => {
    const { name } = await createFlow(api);
    expect(await api.request('POST', '', backupOfGroup({ schedule_id: 'none' }))).toMatchObject({
      status: 400,
      body: { statusCode: 400, code: 'REFERENCE_NOT_FOUND', details: { field: 'schedule_id' } },
    });
    expect(await api.request('POST', '', backupOfGroup({ name: name.toUpperCase() }))).toMatchObject({
      status: 409,
      body: { statusCode: 409, code: 'FLOW_NAME_TAKEN', remedy: expect.any(String) as string },
    });
    const other = await createFlow(api);
    expect(await api.request('PUT', `/${other.id}`, { name })).toMatchObject({ status: 409 });
  });

  it('answers 404 for a missing flow on every path', async () => {
    const requests = [
      ['GET', '/none'],
      ['PUT', '/none'],
      ['DELETE', '/none'],
      ['PATCH', '/none/enable'],
      ['PATCH', '/none/disable'],
      ['POST', '/none/execute'],
      ['GET', '/none/executions'],
      ['GET', '/none/status'],
      ['POST', '/none/test'],
    ] as const;
    for (const [method, path] of requests) {
      const body = method === 'PUT' ? { description: 'new' } : undefined;
      const answer = await api.request(method, path, body);
      expect({ method, path, ...answer }).toMatchObject({ status: 404, body: { code: 'FLOW_NOT_FOUND' } });
    }
    expect(await api.request('POST', '/executions/none/cancel')).toMatchObject({
      status: 404,
      body: { code: 'EXECUTION_NOT_FOUND' },
    });
    expect(await api.request('GET', '/none/nothing')).toMatchObject({ status: 404 });
  });

  it('refuses wrong and unknown query parameters, each by its name', async () => {
    const query = '?enabled=maybe&limit=0&flow_type=x&page=2&total=1';
    expect(await faultOf(api, 'GET', query)).toEqual({
      status: 400,
      code: 'VALIDATION_FAILED',
      fields: ['enabled', 'flow_type', 'limit', 'page', 'total'],
    });
    expect(await faultOf(api, 'GET', '?after=nonsense')).toMatchObject({
      status: 400,
      fields: ['after'],
    });
    const { id } = await createFlow(api);
    expect(await faultOf(api, 'GET', `/${id}/executions?limit=101&offset=-1`)).toMatchObject({
      status: 400,
      fields: ['limit', 'offset'],
    });
    expect(await faultOf(api, 'GET', '/summary?time_zone=Mars')).toMatchObject({
      status: 400,
      fields: ['time_zone'],
    });
    for (const wrong of ['', '?flow_ids=', `?flow_ids=${Array(201).fill('a').join(',')}`]) {
      expect(await faultOf(api, 'GET', `/executions/latest${wrong}`)).toMatchObject({
        status: 400,
        fields: ['flow_ids'],
      });
    }
  });

  it('answers 503 while the server is away, and works again when the server is back', async () => {
    const health = () => fetch(`${api.origin}/health`);
    expect(await (await health()).json()).toEqual({ status: 'ok', database: database.name });
    await server.kill();
    expect((await health()).status).toBe(503);
    expect(await api.request('GET', '')).toMatchObject({
      status: 503,
      body: { statusCode: 503, code: expect.stringMatching(/^CONNECTION_/) as string },
    });
    await server.restart();
    await waitForPrograms(async () => (await api.request('GET', '')).status === 200);
  });

  it('ends with 0 at SIGTERM', async () => {
    api.program.kill('SIGTERM');
    expect(await api.program.ended).toBe(0);
  });
});
