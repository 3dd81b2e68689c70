import { createDashboard, type DashboardOptions } from '../../../src/dashboard';
import { createSchedule } from '../../../src/testing';
import { numbers } from '../../fault/completions-sources';
import { useApps } from '../nestjs/apps';
import { useDataLayer } from '../repositories/data-layer';
import { watchStatements } from '../repositories/explain-statements';
import { ask, useServers } from './serve';

const layer = useDataLayer({ age: 'newer', platform: 'mixed' });
const serve = useServers();
const apps = useApps();
const dashboard = (options: Partial<DashboardOptions> = {}) =>
  createDashboard({ dataSource: layer.dataSource, refreshMs: 500, ...options });
const ofPage = { 'x-protection-flows': 'dashboard' };

// Guards that the page opens the database to nobody who merely reaches the port, and that its load does not grow with viewers.
describe('the dashboard', () => {
  it('only reads, unless its options allow actions', async () => {
    const url = await serve(dashboard());
    const { id } = await layer.repositories.flows.create(layer.newFlow());
    for (const path of ['', 'state', 'flow', 'pause', 'resume', 'run', 'cancel']) {
      const { status, headers } = await ask(`${url}/${path}?id=${id}`, 'POST', ofPage);
      expect([path, status, headers.get('allow')]).toEqual([path, 405, 'GET, HEAD']);
    }
    expect((await ask(`${url}/run?id=${id}`)).status).toBe(405);
    expect((await ask(`${url}/none`)).status).toBe(404);
    expect((await ask(`${url}/state`)).body).toMatchObject({ actions: false, queue: [] });
  });

  it('shows the details of a flow also where the clock of its program is a week ahead', async () => {
    const url = await serve(dashboard());
    const { id: schedule_id } = await createSchedule(layer.database.session);
    const { id } = await layer.repositories.flows.create(layer.newFlow({ schedule_id }));
    await layer.database.session.query(
      'UPDATE protection_flows SET created_at = created_at - INTERVAL 2 DAY WHERE id = ?',
      [id],
    );
    const { now } = Date;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + 7 * 86_400_000);
    const { status, body } = await ask(`${url}/flow?id=${id}`).finally(() => clock.mockRestore());
    expect([status, body]).toMatchObject([200, { audit: [{ finding: 'unknown', reason: 'not-recorded' }] }]);
  });

  it('performs actions of operators only for requests from its own page', async () => {
    const url = await serve(dashboard({ actions: true, actor: () => 'anna' }));
    const { id } = await layer.repositories.flows.create(layer.newFlow());
    const act = async (action: string, of = id, headers: Record<string, string> = ofPage) => {
      const { status, body } = await ask(`${url}/${action}?id=${encodeURIComponent(of)}`, 'POST', headers);
      return [status, body['done'] ?? body['code']];
    };
    expect(await act('pause')).toEqual([200, true]);
    expect(await layer.repositories.flows.listPaused()).toMatchObject([{ flowId: id, by: 'anna' }]);
    expect([await act('resume'), await act('resume')]).toEqual([
      [200, true],
      [200, false],
    ]);
    expect(await act('run')).toEqual([200, true]);
    const { items } = await layer.repositories.executions.history(id);
    expect(items).toMatchObject([{ status: 'pending', execution_type: 'manual', triggered_by: 'anna' }]);
    // An action shows at once, however recent the last read is
    expect((await ask(`${url}/state`)).body).toMatchObject({ queue: [{ flow: id, by: 'anna' }] });
    expect(await act('cancel', items[0]!.id)).toEqual([200, true]);
    expect(await act('run', 'none')).toEqual([404, 'FLOW_NOT_FOUND']);
    expect(await act('run', '')).toEqual([400, 'VALIDATION_FAILED']);
    const forged: Record<string, string>[] = [
      {},
      { 'x-protection-flows': 'other' },
      { ...ofPage, 'sec-fetch-site': 'cross-site' },
      { ...ofPage, origin: 'http://evil.example' },
    ];
    for (const headers of forged) expect(await act('run', id, headers)).toEqual([403, 'FORBIDDEN']);
    expect((await layer.repositories.executions.history(id)).items).toHaveLength(1);
  });

  it('answers only this machine, unless an option allows other visitors', async () => {
    const url = await serve(dashboard());
    expect((await ask(url)).status).toBe(200);
    const handedOn = { 'x-forwarded-for': '192.0.2.1' };
    expect((await ask(`${url}/state`, 'GET', handedOn)).status).toBe(403);
    const asked: unknown[] = [];
    const guarded = dashboard({
      allow: ({ headers }) => Promise.resolve(headers.authorization === 'Bearer right' && asked.push(1) > 0),
    });
    const own = await serve((request, response) => {
      // As from another machine, by a name of its own
      request.headers.host = 'backup.example';
      guarded(request, response);
    });
    expect((await ask(own, 'GET', handedOn)).status).toBe(403);
    expect((await ask(`${own}/state`, 'GET', { authorization: 'Bearer right' })).status).toBe(200);
    expect(asked).toHaveLength(1);
    const rebound = await serve((request, response) => {
      request.headers.host = 'rebound.example:80';
      dashboard()(request, response);
    });
    expect((await ask(rebound)).status).toBe(403);
  });

  it('allows only its own script and style, and forbids caching', async () => {
    const { headers } = await ask(await serve(dashboard()));
    const policy = headers
      .get('content-security-policy')!
      .split('; ')
      .map((rule) => rule.split(' '));
    const rules = Object.fromEntries(policy.map(([name, ...sources]) => [name, sources.join(' ')]));
    const hash = expect.stringMatching(/^'sha256-[\w+/]{43}='$/) as string;
    expect(rules).toEqual({
      'default-src': "'none'",
      'style-src': hash,
      'script-src': hash,
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(headers.get('cache-control')).toContain('private');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('works under its path in a NestJS application, and passes other requests on', async () => {
    const mounted = { stripped: dashboard(), whole: dashboard({ basePath: '/deep/whole/' }) };
    const { url } = await apps.listen({}, (app) => {
      app.use('/stripped', mounted.stripped);
      app.use(mounted.whole);
      app.use('/deep/after', (_request: unknown, response: { end(text: string): void }) =>
        response.end('after'),
      );
    });
    for (const path of ['stripped', 'stripped/', 'deep/whole', 'deep/whole/']) {
      const { status, headers } = await ask(`${url}/${path}`);
      expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8']);
    }
    expect((await ask(`${url}/deep/whole/state`)).body).toHaveProperty('flows');
    expect((await ask(`${url}/deep/wholesale/state`)).status).toBe(404);
    expect(await (await fetch(`${url}/deep/after`)).text()).toBe('after');
  });

  it('reads the database once for all visitors, with as many statements for 300 flows as for three', async () => {
    const sent: string[] = [];
    watchStatements(layer.dataSource, ({ sql }) => void sent.push(sql));
    const schedule = await createSchedule(layer.database.session, { cron_expression: '0 2 * * *' });
    const look = async (url: string): Promise<number> => {
      const { headers } = await ask(`${url}/state`);
      const known = { 'if-none-match': headers.get('etag')! };
      sent.length = 0;
      // Until the last look is too old
      while (sent.length === 0) {
        const all = await Promise.all([1, 2, 3].map(() => ask(`${url}/state`, 'GET', known)));
        expect(all.map(({ status }) => status)).toEqual([304, 304, 304]);
      }
      expect(sent.filter((sql) => sql.includes('AS enabledFlows'))).toHaveLength(1);
      return sent.length;
    };
    const few = await look(await serve(dashboard()));
    await layer.database.session.query(
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type, schedule_id, next_execution_time)
       SELECT CONCAT('many-', n), CONCAT('Many ', n), 'replication', 'vm', 'x', 'ossea', ?, CURRENT_TIMESTAMP + INTERVAL 1 DAY
         FROM ${numbers(300)}`,
      [schedule.id],
    );
    const many = await look(await serve(dashboard()));
    // The names of schedules, which no flow had before
    expect(many - few).toBeLessThanOrEqual(1);
    expect(many).toBeLessThan(12);
    watchStatements(layer.dataSource, () => undefined);
  });

  // The foreign key takes each spelling of an id that the collation takes for it
  it.each(['FLOW-CAFE', 'flów-café', 'flow-cafe '])('shows a flow’s runs that name it %s', async (other) => {
    const { database, repositories } = layer;
    const { id } = await repositories.flows.create(layer.newFlow({ id: 'flow-cafe' }));
    for (const status of ['error', 'running', 'pending'])
      await database.session.query(
        `INSERT INTO protection_flow_executions (flow_id, status, execution_type, started_at)
         VALUES (?, ?, 'manual', ${status === 'pending' ? 'NULL' : 'CURRENT_TIMESTAMP'})`,
        [other, status],
      );
    const { body } = await ask(`${await serve(dashboard())}/state`);
    await repositories.flows.delete(id);
    const flows = body['flows'] as { id: string; runs: string }[];
    expect([...flows.find((one) => one.id === id)!.runs].sort()).toEqual(['e', 'r']);
    for (const list of ['running', 'queue'])
      expect((body[list] as { flow: string }[]).map(({ flow }) => flow)).toContain(id);
  });

  // Split in a time that grows with the square of the blanks, it would hold up the process until the test's time is over
  it('reads an If-None-Match of any length', async () => {
    const answer = dashboard();
    const url = await serve((request, response) => {
      request.headers['if-none-match'] = `a${' '.repeat(400_000)}b`;
      answer(request, response);
    });
    expect((await ask(`${url}/`)).status).toBe(200);
  });

  it('names the missing tables', async () => {
    const url = await serve(dashboard());
    await layer.database.session.query('RENAME TABLE protection_flows TO hidden_flows');
    const { status, body } = await ask(`${url}/state`);
    await layer.database.session.query('RENAME TABLE hidden_flows TO protection_flows');
    expect(status).toBe(200);
    expect(body).toMatchObject({ all: null, flows: [], schema: { state: 'differs' } });
  });
});
