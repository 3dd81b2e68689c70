import { useDatabase } from '../../support/database';
import { createFlow, faultOf, startApi, type Api, type Flow } from './api';
import { addPlatformRows } from './platform';

/** Guards what the example API answers for runs, and that its documentation names every endpoint. */
describe("the example API's executions", () => {
  const database = useDatabase({ platform: 'mixed' });
  let api: Api;
  beforeAll(async () => {
    await addPlatformRows(database);
    api = await startApi(database.url);
  });

  it('queues a run with 202, with or without a body', async () => {
    const { id } = await createFlow(api);
    const byHand = await api.request<{ id: string }>('POST', `/${id}/execute`, {
      execution_type: 'manual',
      triggered_by: 'ada',
    });
    expect(byHand).toMatchObject({
      status: 202,
      body: {
        flow_id: id,
        status: 'pending',
        execution_type: 'manual',
        triggered_by: 'ada',
        started_at: null,
      },
    });
    const byProgram = await api.request<{ id: string }>('POST', `/${id}/execute`);
    expect(byProgram).toMatchObject({ status: 202, body: { execution_type: 'api', triggered_by: 'api' } });
    const page = await api.request<{ executions: { id: string }[]; next: string }>(
      'GET',
      `/${id}/executions?limit=1`,
    );
    expect(page).toMatchObject({ status: 200, body: { executions: [byProgram.body] } });
    expect(await api.request('GET', `/${id}/executions?after=${page.body.next}`)).toEqual({
      status: 200,
      body: { executions: [byHand.body], next: null },
    });
    const wrong = { execution_type: 'scheduled', triggered_by: '', when: 'now' };
    expect(await faultOf(api, 'POST', `/${id}/execute`, wrong)).toMatchObject({
      status: 400,
      fields: ['execution_type', 'triggered_by', 'when'],
    });
  });

  it('answers the latest run of many flows with one request', async () => {
    const [first, second, idle] = [await createFlow(api), await createFlow(api), await createFlow(api)];
    const run = async ({ id }: Flow) => (await api.request('POST', `/${id}/execute`)).body;
    await run(first);
    const newest = [await run(first), await run(second)];
    const { status, body } = await api.request<{ executions: unknown[] }>(
      'GET',
      `/executions/latest?flow_ids=${first.id},${idle.id}&flow_ids=${second.id}`,
    );
    expect(status).toBe(200);
    expect(body.executions).toHaveLength(2);
    expect(body.executions).toEqual(expect.arrayContaining(newest));
    expect(await api.request('GET', `/${idle.id}/executions`)).toEqual({
      status: 200,
      body: { executions: [], next: null },
    });
  });

  it('lists the runs of all flows by status, flow and time, in pages', async () => {
    const flow = await createFlow(api);
    const execute = async () => (await api.request<{ id: string }>('POST', `/${flow.id}/execute`)).body.id;
    const [waits, cancelled] = [await execute(), await execute()];
    await api.request('POST', `/executions/${cancelled}/cancel`);
    const list = async (query: string) =>
      (
        await api.request<{ executions: { id: string }[]; next: string | null; total?: number }>(
          'GET',
          `/executions?flow_id=${flow.id}&${query}`,
        )
      ).body;
    const first = await list('status=pending,cancelled&limit=1&total=true');
    expect(first).toMatchObject({ executions: [{ id: cancelled }], total: 2 });
    const second = await list(`status=pending,cancelled&limit=1&after=${first.next}`);
    expect(second).toMatchObject({ executions: [{ id: waits }], next: null });
    expect(await list('status=pending')).toMatchObject({ executions: [{ id: waits }] });
    expect(await list('started_from=2026-01-01T00:00:00Z')).toEqual({ executions: [], next: null });
    const wrong = '/executions?status=done&started_from=soon&limit=0';
    expect(await faultOf(api, 'GET', wrong)).toMatchObject({
      status: 400,
      fields: ['limit', 'started_from', 'status'],
    });
  });

  it('cancels a run that waits, once', async () => {
    const { id } = await createFlow(api);
    const { body: run } = await api.request<{ id: string }>('POST', `/${id}/execute`);
    expect(await api.request('POST', `/executions/${run.id}/cancel`, { reason: 'not today' })).toMatchObject({
      status: 200,
      body: { id: run.id, status: 'cancelled', error_message: 'not today' },
    });
    expect(await api.request('POST', `/executions/${run.id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'TRANSITION_REFUSED', details: { from: 'cancelled' } },
    });
    expect(await api.request('GET', `/${id}/status`)).toMatchObject({
      body: { last_execution_status: 'cancelled', total_executions: 0 },
    });
  });

  it('documents every endpoint, with its answers', async () => {
    expect((await fetch(`${api.origin}/docs`)).status).toBe(200);
    const document = (await (await fetch(`${api.origin}/docs-json`)).json()) as {
      paths: Record<string, Record<string, { responses: object }>>;
    };
    const endpoints = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => {
        const below = path.replace('/api/v1/protection-flows', '');
        return `${method.toUpperCase()} ${below || '/'} ${Object.keys(responses).join(' ')}`;
      }),
    );
    expect(endpoints.sort()).toEqual(
      [
        'POST / 201 400 409 503',
        'GET / 200 400 503',
        'GET /summary 200 400 503',
        'GET /{id} 200 404 503',
        'PUT /{id} 200 400 404 409 503',
        'DELETE /{id} 204 404 503',
        'PATCH /{id}/enable 200 404 503',
        'PATCH /{id}/disable 200 404 503',
        'GET /{id}/status 200 404 503',
        'POST /{id}/test 200 404 503',
        'POST /{id}/execute 202 400 404 503',
        'GET /{id}/executions 200 400 404 503',
        'GET /executions 200 400 503',
        'GET /executions/latest 200 400 503',
        'POST /executions/{id}/cancel 200 400 404 409 503',
        'POST /bulk-enable 200 400 503',
        'POST /bulk-disable 200 400 503',
        'POST /bulk-delete 200 400 503',
      ].sort(),
    );
  });
});
