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
        execution_id: byHand.body.id,
        message: expect.any(String) as string,
        // A page would show 1 January 1970
        started_at: (byHand.body as unknown as { created_at: string }).created_at,
      },
    });
    const asListed = ({ body }: typeof byHand) => ({ ...body, execution_id: undefined, message: undefined });
    const byProgram = await api.request<{ id: string }>('POST', `/${id}/execute`);
    expect(byProgram).toMatchObject({ status: 202, body: { execution_type: 'api', triggered_by: 'api' } });
    const page = await api.request<{ executions: { id: string }[]; next: string; total: number }>(
      'GET',
      `/${id}/executions?limit=1`,
    );
    expect(page.body).toEqual({
      executions: [asListed(byProgram)],
      next: expect.any(String) as string,
      total: 2,
    });
    const second = { status: 200, body: { executions: [asListed(byHand)], total: 2 } };
    expect(await api.request('GET', `/${id}/executions?after=${page.body.next}`)).toEqual(second);
    expect(await api.request('GET', `/${id}/executions?offset=1`)).toEqual(second);
    expect(await api.request('GET', `/executions/${byHand.body.id}`)).toEqual({
      status: 200,
      body: asListed(byHand),
    });
    expect(await faultOf(api, 'GET', '/executions/none')).toMatchObject({ status: 404 });
    const wrong = { execution_type: 'scheduled', triggered_by: '', when: 'now' };
    expect(await faultOf(api, 'POST', `/${id}/execute`, wrong)).toMatchObject({
      status: 400,
      fields: ['execution_type', 'triggered_by', 'when'],
    });
  });

  it('answers the latest run of many flows with one request', async () => {
    const [first, second, idle] = [await createFlow(api), await createFlow(api), await createFlow(api)];
    const run = async ({ id }: Flow) => {
      const { body } = await api.request<object>('POST', `/${id}/execute`);
      return { ...body, execution_id: undefined, message: undefined };
    };
    await run(first);
    const newest = [await run(first), await run(second)];
    const { status, body } = await api.request<{ executions: unknown[] }>(
      'GET',
      `/executions/latest?flow_ids=${first.id},${idle.id}&flow_ids=${second.id}`,
    );
    expect(status).toBe(200);
    expect(body.executions).toHaveLength(2);
    for (const one of newest) expect(body.executions).toContainEqual(one);
    expect(await api.request('GET', `/${idle.id}/executions`)).toEqual({
      status: 200,
      body: { executions: [], total: 0 },
    });
  });

  it('lists the runs of all flows by status, flow and time, in pages', async () => {
    const flow = await createFlow(api);
    const execute = async () => (await api.request<{ id: string }>('POST', `/${flow.id}/execute`)).body.id;
    const [waits, cancelled] = [await execute(), await execute()];
    await api.request('POST', `/executions/${cancelled}/cancel`);
    const list = async (query: string) =>
      (
        await api.request<{ executions: { id: string }[]; next?: string; total?: number }>(
          'GET',
          `/executions?flow_id=${flow.id}&${query}`,
        )
      ).body;
    const first = await list('status=pending,cancelled&limit=1&total=true');
    expect(first).toMatchObject({ executions: [{ id: cancelled }], total: 2 });
    const second = await list(`status=pending,cancelled&limit=1&after=${first.next}`);
    expect(second).toMatchObject({ executions: [{ id: waits }] });
    expect(second).not.toHaveProperty('next');
    expect(await list('status=pending')).toMatchObject({ executions: [{ id: waits }] });
    expect(await list('started_from=2026-01-01T00:00:00Z')).toEqual({ executions: [] });
    const wrong = '/executions?status=done&started_from=soon&limit=0';
    expect(await faultOf(api, 'GET', wrong)).toMatchObject({
      status: 400,
      fields: ['limit', 'started_from', 'status'],
    });
  });

  it('cancels a pending run once', async () => {
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

  it('runs and cancels several flows, with a result for each', async () => {
    const [one, other] = [await createFlow(api), await createFlow(api)];
    const flow_ids = [one.id, 'none', other.id];
    const none = { flow_id: 'none', success: false, code: 'FLOW_NOT_FOUND', error: 'there is no flow none' };
    const executed = await api.request<{ results: { execution_id: string }[] }>('POST', '/bulk-execute', {
      flow_ids,
    });
    const ran = (id: string) => ({
      flow_id: id,
      success: true,
      execution_id: expect.any(String) as string,
      execution_ids: [expect.any(String)],
    });
    const counts = { total: 3, succeeded: 2, failed: 1 };
    expect(executed).toEqual({
      status: 200,
      body: { results: [ran(one.id), none, ran(other.id)], ...counts },
    });
    const run = executed.body.results[0]!.execution_id;
    expect(await api.request('POST', '/bulk-cancel', { flow_ids, reason: 'not today' })).toMatchObject({
      status: 200,
      body: { results: [{ execution_id: run }, none, { success: true }], ...counts },
    });
    expect(await api.request('GET', `/executions/${run}`)).toMatchObject({
      body: { status: 'cancelled', error_message: 'not today' },
    });
    expect(await faultOf(api, 'POST', '/bulk-execute', { flow_ids: [] })).toMatchObject({
      status: 400,
      fields: ['flow_ids'],
    });
  });

  it('answers what the page fakes today: the progress and history of runs, the machines of a flow, the dashboard', async () => {
    const flow = await createFlow(api);
    const { body: run } = await api.request<{ id: string }>('POST', `/${flow.id}/execute`);
    const { session } = database;
    await session.query(
      `UPDATE protection_flow_executions SET status = 'running', started_at = NOW(), jobs_created = 4, jobs_completed = 1 WHERE id = ?`,
      [run.id],
    );
    const waiting = (await api.request<{ id: string }>('POST', `/${flow.id}/execute`)).body;
    // The run under way comes first, although a later run is queued
    expect((await api.request('GET', `/${flow.id}/executions`)).body).toMatchObject({
      executions: [{ id: run.id }, { id: waiting.id }],
    });
    expect((await api.request('GET', `/executions/progress?flow_ids=${flow.id},none`)).body).toEqual({
      progress: [
        {
          flow_id: flow.id,
          execution_id: run.id,
          started_at: expect.any(String) as string,
          percent: 25,
          bytes_transferred: 0,
          jobs: 4,
          jobs_over: 1,
        },
      ],
    });
    const stats = { backup_count: 0, successful: 0, failed: 0, total_size_bytes: 0 };
    expect((await api.request('GET', `/${flow.id}/machines`)).body).toEqual({
      machines: ['a', 'b', 'c'].map((vm_name) => ({
        context_id: `ctx-${vm_name}`,
        vm_name,
        backup_stats: stats,
      })),
    });
    expect((await api.request('GET', '/dashboard?time_zone=Europe/Berlin')).body).toMatchObject({
      summary: { total_flows: expect.any(Number) as number },
      executions_running: 1,
      jobs_running: 3,
      recent_activity: expect.arrayContaining([expect.objectContaining({ id: run.id })]) as unknown,
    });
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const report = `/report?from=${day(-1)}&to=${day(1)}&by=flow`;
    expect((await api.request<{ rows: object[] }>('GET', report)).body.rows).toContainEqual(
      expect.objectContaining({ key: flow.id, name: flow.name, runs: 1, failed: 0 }),
    );
    const csv = await fetch(`${api.origin}/api/v1/protection-flows${report}&format=csv`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await csv.text()).toMatch(new RegExp(`\r\n${flow.id},${flow.name},`));
    expect(await faultOf(api, 'GET', '/report?from=now&by=year')).toMatchObject({
      status: 400,
      fields: ['by', 'from', 'to'],
    });
  });

  it('documents every endpoint, with its answers', async () => {
    expect((await fetch(`${api.origin}/docs`)).status).toBe(200);
    const document = (await (await fetch(`${api.origin}/docs-json`)).json()) as {
      paths: Record<string, Record<string, Operation>>;
    };
    interface Operation {
      readonly summary?: string;
      readonly responses: Record<string, { readonly content?: object; readonly description: string }>;
    }
    const endpoints = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary, responses }]) => {
        const silent = Object.entries(responses).filter(
          ([code, { content, description }]) =>
            content === undefined && (code !== '204' || description === ''),
        );
        expect([method, path, summary ?? '', silent]).toEqual([
          method,
          path,
          expect.stringMatching(/\w+ \w+/),
          [],
        ]);
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
        'GET /{id}/machines 200 404 503',
        'GET /executions/progress 200 400 503',
        'GET /executions/{id} 200 404 503',
        'GET /report 200 400 503',
        'GET /dashboard 200 400 503',
        'GET /health 200 503',
        'GET /metrics 200 503',
        'POST /bulk-execute 200 400 503',
        'POST /bulk-cancel 200 400 503',
        'POST /bulk-enable 200 400 503',
        'POST /bulk-disable 200 400 503',
        'POST /bulk-delete 200 400 503',
      ].sort(),
    );
  });
});
