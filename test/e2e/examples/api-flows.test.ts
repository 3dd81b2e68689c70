import { useDatabase } from '../../support/database';
import { createFlow, faultOf, startApi, type Api, type Flow } from './api';
import { addPlatformRows, backupOfGroup, ids } from './platform';

/** Guards the part of the example API that people copy first: its answers about flows. */
describe("the example API's flows", () => {
  const database = useDatabase({ platform: 'mixed' });
  let api: Api;
  beforeAll(async () => {
    await addPlatformRows(database);
    api = await startApi(database.url);
  });

  it('answers a new flow with the names of the rows it refers to, and gives its status separately', async () => {
    const references = { policy_id: ids.policy, schedule_id: ids.schedule };
    const input = backupOfGroup({ ...references, description: 'All of them', created_by: 'me' });
    const { status, body } = await api.request<Flow>('POST', '', input);
    expect(status).toBe(201);
    const expected = {
      ...input,
      id: expect.any(String) as string,
      target_name: 'Web servers',
      repository_name: 'Main repository',
      policy_name: '30 days',
      schedule_name: 'Nightly',
      schedule_cron: '0 2 * * *',
      enabled: true,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      updated_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      status: {
        last_execution_status: 'pending',
        next_execution_time: expect.stringMatching(/T02:00:00\.000Z$/) as string,
        total_executions: 0,
        successful_executions: 0,
        failed_executions: 0,
      },
    };
    expect(body).toEqual(expected);
    expect(await api.request('GET', `/${body.id}`)).toEqual({ status: 200, body: expected });
    // The fields that the web page reads, and those that the platform's hub answers
    expect(await api.request('GET', `/${body.id}/status`)).toEqual({
      status: 200,
      body: { flow: expected, next_run: expected.status.next_execution_time, ...expected.status },
    });
  });

  it('stores a replication flow and a disabled flow', async () => {
    const target = { target_type: 'vm', target_id: ids.vm, repository_id: undefined };
    const destination = { destination_type: 'vmware', destination_config: { cluster: { name: 'east' } } };
    const flow = await createFlow(api, {
      flow_type: 'replication',
      ...target,
      ...destination,
      enabled: false,
    });
    expect(flow).toMatchObject({ ...destination, target_name: 'a', enabled: false });
    expect(flow).not.toHaveProperty('repository_id');
  });

  it('changes the given fields: null clears a field, an empty change is accepted, a wrong field is named', async () => {
    const flow = await createFlow(api, { schedule_id: ids.schedule, description: 'old' });
    expect(
      await api.request('PUT', `/${flow.id}`, { schedule_id: null, description: 'new', enabled: false }),
    ).toMatchObject({
      status: 200,
      body: {
        name: flow.name,
        description: 'new',
        enabled: false,
        repository_id: ids.repository,
      },
    });
    expect(await api.request('PUT', `/${flow.id}`, {})).toMatchObject({
      status: 200,
      body: { description: 'new' },
    });
    expect((await api.request('GET', `/${flow.id}`)).body).not.toHaveProperty('schedule_id');
    const wrong = { name: null, flow_type: 'replication', enabled: null };
    expect(await faultOf(api, 'PUT', `/${flow.id}`, wrong)).toMatchObject({
      status: 400,
      fields: ['enabled', 'name'],
    });
    expect(await faultOf(api, 'PUT', `/${flow.id}`, { repository_id: null })).toMatchObject({
      status: 400,
      code: 'VALIDATION_FAILED',
    });
  });

  it('ignores unknown fields in a change, and refuses them in a new flow', async () => {
    const { body: flow } = await api.request<Flow>('POST', '', backupOfGroup({ schedule_id: ids.schedule }));
    const ofThePage = { source: 'a', destination: 'b', nextRun: 'undefinedTundefined' };
    expect(
      await api.request('PUT', `/${flow.id}`, { name: `${flow.name} 2`, flow_type: 'backup', ...ofThePage }),
    ).toMatchObject({ status: 200, body: { name: `${flow.name} 2` } });
    // The client sends the whole flow back, as it was answered
    const { body: whole } = await api.request<Record<string, unknown>>('GET', `/${flow.id}`);
    const { body: saved } = await api.request('PUT', `/${flow.id}`, whole);
    expect(saved).toEqual({ ...whole, updated_at: expect.any(String) as string });
    expect(await faultOf(api, 'POST', '', backupOfGroup(ofThePage))).toMatchObject({
      status: 400,
      fields: ['destination', 'nextRun', 'source'],
    });
  });

  it('lists all flows and their number if no limit is given', async () => {
    for (let n = 0; n < 55; n += 1) await createFlow(api, { enabled: false });
    const { body } = await api.request<{ flows: Flow[]; total: number }>('GET', '');
    expect(body.flows.length).toBeGreaterThan(55);
    expect(body).toEqual({ flows: body.flows, total: body.flows.length });
    expect(new Set(body.flows.map(({ id }) => id)).size).toBe(body.total);
    expect(body.flows[0]).toMatchObject({ repository_name: 'Main repository', target_name: 'Web servers' });
    await api.request('POST', '/bulk-delete', { flow_ids: body.flows.slice(0, 55).map(({ id }) => id) });
  });

  it('lists flows by filter and in pages', async () => {
    const description = { schedule_id: ids.schedule, enabled: false };
    const made = [
      await createFlow(api, description),
      await createFlow(api, description),
      await createFlow(api, description),
    ];
    await createFlow(api, { ...description, enabled: true });
    const list = async (query: string) =>
      (await api.request<{ flows: Flow[]; next?: string; total?: number }>('GET', `?${query}`)).body;
    const filter = `schedule_id=${ids.schedule}&enabled=false&flow_type=backup&target_type=group`;
    const first = await list(`${filter}&limit=2&total=true`);
    expect(first).toMatchObject({ next: expect.any(String) as string, total: 3 });
    const second = await list(`${filter}&limit=2&after=${first.next}`);
    expect(Object.keys(second)).toEqual(['flows']);
    expect([...first.flows, ...second.flows].map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse());
  });

  it('finds flows by a part of their name and by their last status, and sorts them', async () => {
    const [b, a] = [await createFlow(api, { name: 'Found_b' }), await createFlow(api, { name: 'Found_a' })];
    await createFlow(api, { name: 'Found a' });
    const list = async (query: string) =>
      (await api.request<{ flows: Flow[] }>('GET', `?name_contains=found_&${query}`)).body.flows;
    const found = async (query: string) => (await list(query)).map(({ id }) => id);
    expect(await found('sort=name')).toEqual([a.id, b.id]);
    expect(await found('sort=name&order=desc&last_execution_status=pending')).toEqual([b.id, a.id]);
    expect(await found('last_execution_status=error')).toEqual([]);
    expect(await faultOf(api, 'GET', '?sort=colour&order=up&last_execution_status=done')).toMatchObject({
      status: 400,
      fields: ['last_execution_status', 'order', 'sort'],
    });
  });

  it('enables and disables a flow, and deletes it with 204', async () => {
    const { id } = await createFlow(api, { schedule_id: ids.schedule });
    expect(await api.request('PATCH', `/${id}/disable`)).toMatchObject({
      status: 200,
      body: { enabled: false, status: { last_execution_status: 'pending' } },
    });
    expect((await api.request<{ status: object }>('GET', `/${id}`)).body.status).not.toHaveProperty(
      'next_execution_time',
    );
    expect(await api.request('PATCH', `/${id}/enable`)).toMatchObject({
      status: 200,
      body: { enabled: true, status: { next_execution_time: expect.any(String) as string } },
    });
    expect(await api.request('DELETE', `/${id}`)).toEqual({ status: 204, body: null });
    expect(await api.request('GET', `/${id}`)).toMatchObject({ status: 404 });
  });

  it('changes many flows at once, and names the missing ones', async () => {
    const flow_ids = [(await createFlow(api)).id, (await createFlow(api)).id, 'none'];
    const faults = {
      errors: { none: 'there is no flow none' },
      error_messages: ['none: there is no flow none'],
      failures: [{ flow_id: 'none', code: 'FLOW_NOT_FOUND', message: 'there is no flow none' }],
    };
    for (const action of ['disable', 'enable', 'delete']) {
      expect(await api.request('POST', `/bulk-${action}`, { flow_ids })).toEqual({
        status: 200,
        body: { action, requested: 3, successful: 2, failed: 1, ...faults },
      });
    }
    for (const wrong of [{}, { flow_ids: [] }, { flow_ids: 'a' }, { flow_ids: [1] }, { flow_ids: [''] }]) {
      expect(await faultOf(api, 'POST', '/bulk-enable', wrong)).toMatchObject({
        status: 400,
        fields: ['flow_ids'],
      });
    }
  });

  it('counts flows and runs', async () => {
    const before = (await api.request<Record<string, number>>('GET', '/summary?time_zone=Asia/Kolkata')).body;
    await createFlow(api, { enabled: false });
    const { status, body } = await api.request('GET', '/summary');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        ...before,
        total_flows: before['total_flows']! + 1,
        disabled_flows: before['disabled_flows']! + 1,
        backup_flows: before['backup_flows']! + 1,
      },
    });
  });

  it('serves metrics of the flows to Prometheus, beside the API', async () => {
    const { id, name } = await createFlow(api);
    const response = await fetch(`${api.origin}/metrics`);
    expect(response.status).toBe(200);
    // Express orders the parameters
    expect(response.headers.get('content-type')).toMatch(/^text\/plain;.*version=0\.0\.4/);
    expect(await response.text()).toContain(`\nsendense_flow_info{flow_id="${id}",name="${name}"} 1\n`);
  });

  it('tests a flow, and says what would keep it from running', async () => {
    expect(await api.request('POST', `/${(await createFlow(api)).id}/test`)).toEqual({
      status: 200,
      body: { valid: true, errors: [], problems: [] },
    });
    const { id } = await createFlow(api, { target_type: 'vm', target_id: 'ctx-gone' });
    expect(await api.request('POST', `/${id}/test`)).toEqual({
      status: 200,
      body: {
        valid: false,
        errors: ['there is no VM ctx-gone'],
        problems: [{ field: 'target_id', message: 'there is no VM ctx-gone' }],
      },
    });
  });
});
