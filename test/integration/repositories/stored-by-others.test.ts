import { useDataLayer } from './data-layer';

const layer = useDataLayer();

async function startedRun(): Promise<{ readonly id: string; readonly flowId: string }> {
  const { flows, executions } = layer.repositories;
  const { id: flowId } = await flows.create(layer.newFlow());
  const { id } = await executions.start({ flow_id: flowId, execution_type: 'manual' });
  return { id, flowId };
}

const store = (id: string, assignment: string, parameters: unknown[] = []) =>
  layer.database.session.query(`UPDATE protection_flow_executions SET ${assignment} WHERE id = ?`, [
    ...parameters,
    id,
  ]);

/** Sets the start of a run back, so that only its heartbeat can show that it is alive. */
const longAgo = "started_at = '2026-01-01 00:00:00'";

const jsonOfOthers = ['null', '[]', '[1, 2]', '"x"', '5', 'true'];

// Guards that a value of another program in a JSON column neither loses the heartbeats of a run nor causes a TypeError.
describe.each(jsonOfOthers)('metadata that is %s', (json) => {
  it('accepts a heartbeat, metadata and the mark for expected jobs', async () => {
    const { executions } = layer.repositories;
    const { id } = await startedRun();
    await store(id, 'execution_metadata = ?', [json]);
    expect(await executions.progress(id)).toBe(true);
    expect(await executions.get(id)).toMatchObject({
      execution_metadata: { heartbeat_at: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
    await store(id, 'execution_metadata = ?', [json]);
    expect(await executions.progress(id, { execution_metadata: { phase: 2 } })).toBe(true);
    expect((await executions.get(id)).execution_metadata).toEqual({
      phase: 2,
      heartbeat_at: expect.any(String),
    });
    await store(id, 'execution_metadata = ?', [json]);
    expect(await executions.recordJobs(id, ['job-1'], { more: true })).toBe(true);
    expect((await executions.get(id)).execution_metadata).toMatchObject({ starting_jobs: 1 });
    await store(id, 'execution_metadata = ?', [json]);
    const outcome = { status: 'success', execution_metadata: { phase: 3 } } as const;
    expect(await executions.finish(id, outcome)).toBe(true);
    expect((await executions.get(id)).execution_metadata).toEqual({ phase: 3 });
  });

  it('counts as no metadata for a reader, and as no due time in the queue', async () => {
    const { executions, dueFlows, flows } = layer.repositories;
    const { id: flow_id } = await flows.create(layer.newFlow());
    const { id } = await executions.enqueue({ flow_id, execution_type: 'api' });
    await store(id, 'execution_metadata = ?', [json]);
    expect(await executions.find(id)).toMatchObject({ execution_metadata: null });
    const claims = await dueFlows.claimQueued({ worker: 'worker-1', limit: 1_000 });
    const claim = claims.find(({ execution }) => execution.id === id);
    expect(claim).toMatchObject({ dueAt: null, execution: { execution_metadata: { worker: 'worker-1' } } });
  });
});

describe.each<[string, string[] | null]>([
  ['null', null],
  ['{}', null],
  ['"j1"', null],
  ['7', null],
  ['[1, null, "j2"]', ['1', 'null', 'j2']],
])('job ids that are %s', (json, ids) => {
  it('are read as a list or as null', async () => {
    const { executions } = layer.repositories;
    const { id, flowId } = await startedRun();
    await store(id, 'created_job_ids = ?', [json]);
    expect(await executions.get(id)).toMatchObject({ created_job_ids: ids });
    expect((await executions.latest([flowId])).get(flowId)).toMatchObject({ created_job_ids: ids });
    expect(await executions.settle(id)).toMatchObject(
      ids === null ? { settled: false, status: 'running' } : { settled: true, status: 'error' },
    );
    expect(await executions.findRunningByJob('no such job')).toBeNull();
  });

  it('accept further job ids', async () => {
    const { executions } = layer.repositories;
    const { id } = await startedRun();
    await store(id, 'created_job_ids = ?', [json]);
    expect(await executions.recordJobs(id, ['j3'])).toBe(true);
    expect(await executions.get(id)).toMatchObject({ created_job_ids: [...(ids ?? []), 'j3'] });
    expect(await executions.settle(id, new Map([['j3', 'completed']]))).toMatchObject({ settled: true });
  });
});

describe('a heartbeat that another program stored', () => {
  it.each(['"9999-01-01T00:00:00Z"', '"nonsense"', '5', 'null', '[]', '{}', '""'])(
    'that is %s does not keep a run alive',
    async (json) => {
      const { executions } = layer.repositories;
      const { id } = await startedRun();
      await store(id, `${longAgo}, execution_metadata = ?`, [`{"heartbeat_at": ${json}}`]);
      expect(await executions.reapStale({ silenceMs: 60_000, limit: 10_000 })).toEqual([id]);
    },
  );

  it('keeps a run alive when it is only a little in the future, as after a clock was set back', async () => {
    const { executions } = layer.repositories;
    const { id } = await startedRun();
    const soon = `DATE_FORMAT(UTC_TIMESTAMP() + INTERVAL 1 HOUR, '%Y-%m-%dT%H:%i:%sZ')`;
    await store(id, `${longAgo}, execution_metadata = JSON_OBJECT('heartbeat_at', ${soon})`);
    expect(await executions.reapStale({ silenceMs: 60_000, limit: 10_000 })).toEqual([]);
    await executions.cancel(id);
  });
});

describe('an argument that its caller changes during the call', () => {
  it('is written with the values that were checked', async () => {
    const { flows, executions } = layer.repositories;
    const { id: flow_id } = await flows.create(layer.newFlow());
    const execution_metadata: Record<string, unknown> = { ticket: 7 };
    const starting = executions.start({ flow_id, execution_type: 'api', execution_metadata } as never);
    execution_metadata['heartbeat_at'] = '9999-01-01T00:00:00Z';
    const { id } = await starting;
    const jobs = ['job-1'];
    const recording = executions.recordJobs(id, jobs);
    jobs.push('\uD800');
    await recording;
    expect(await executions.get(id)).toMatchObject({
      execution_metadata: { ticket: 7, heartbeat_at: expect.stringMatching(/^20/) },
      created_job_ids: ['job-1'],
    });
  });
});

describe('the end of a run', () => {
  it.each(['running', 'pending', 'RUNNING', 'done', null, undefined])('is not %p', async (status) => {
    const { executions, flows } = layer.repositories;
    const { id: flow_id } = await flows.create(layer.newFlow());
    const { id } = await executions.enqueue({ flow_id, execution_type: 'api' });
    await expect(executions.finish(id, { status } as never)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'status' }] },
    });
    expect(await executions.get(id)).toMatchObject({ status: 'pending' });
    expect(await flows.get(flow_id)).toMatchObject({ total_executions: 0 });
    expect(await executions.finish(id, { status: 'error' })).toBe(true);
    expect(await executions.finish(id, { status: 'error' })).toBe(false);
    expect(await flows.get(flow_id)).toMatchObject({ total_executions: 0, failed_executions: 0 });
  });

  it('is refused for a run with an unknown state, and the error names the state', async () => {
    const { executions } = layer.repositories;
    const { id } = await startedRun();
    await layer.database.session.query("SET SESSION sql_mode = ''");
    await store(id, "status = 'of others'");
    await expect(executions.finish(id, { status: 'success' })).rejects.toMatchObject({
      code: 'TRANSITION_REFUSED',
      message: expect.stringContaining('in no valid state'),
      details: { from: '', to: 'success' },
    });
  });
});

// Guards that a cursor that was cut, changed or invented does not return an arbitrary page.
describe('a cursor', () => {
  it('is refused when it was changed', async () => {
    const { flows, executions } = layer.repositories;
    const { flowId } = await startedRun();
    await startedRun();
    const { next } = await flows.list({}, { limit: 1 });
    const cursor = String(next);
    await expect(flows.list({}, { limit: 1, after: cursor })).resolves.toMatchObject({ items: [{}] });
    const [body = '', check = ''] = cursor.split('.');
    const forged = Buffer.from('[1e3, "x"]').toString('base64url');
    const changed = cursor.startsWith('A') ? `B${cursor.slice(1)}` : `A${cursor.slice(1)}`;
    const wrong = [
      body,
      `${body}.`,
      cursor.slice(1),
      cursor.slice(0, -1),
      changed,
      `${cursor} `,
      `${cursor}x`,
    ];
    for (const after of [
      ...wrong,
      `${forged}.${check}`,
      `${body}=.${check}`,
      `${body}.${check}.`,
      forged,
      '',
      '.',
    ])
      for (const call of [flows.list({}, { after }), executions.history(flowId, { after })])
        await expect(call).rejects.toMatchObject({ details: { fields: [{ field: 'after' }] } });
  });
});

// Guards that half a surrogate pair does not become U+FFFD in the database, and that no two names look alike.
describe('a text with unusual characters', () => {
  it.each([
    ['half a surrogate pair', 'a\uD800'],
    ['a control character', 'a\u0001'],
    ['DEL', 'a\u007F'],
    ['a zero-width blank', 'a\u200B'],
    ['a direction mark', 'a\u202E'],
    ['a soft hyphen', 'a\u00AD'],
    ['a byte order mark', '\uFEFFa'],
    ['only a filler', '\u3164'],
    ['only a joiner', '\u200D'],
    ['a line separator', 'a\u2028b'],
  ])('is refused as a name: %s', async (_title, name) => {
    await expect(layer.repositories.flows.create(layer.newFlow({ name }))).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'name' }] },
    });
  });

  it.each(['Ünïcode 中文 עברית', '👩‍👩‍👧 family', '❤️', '🏴󠁧󠁢󠁳󠁣󠁴󠁿 flag', 'می‌خواهم', 'e\u0301', '葛󠄀城'])(
    'is accepted as a name when the characters belong to a script or an emoji: %s',
    async (name) => {
      const { flows } = layer.repositories;
      const { id } = await flows.create(layer.newFlow({ name }));
      expect(await flows.get(id)).toMatchObject({ name });
    },
  );

  it('may have several lines as a description, but neither NUL nor half a surrogate pair', async () => {
    const { flows, executions } = layer.repositories;
    const text = 'first\n\tsecond \u001B[31m\u200B';
    const { id } = await flows.create(layer.newFlow({ description: text }));
    expect(await flows.get(id)).toMatchObject({ description: text });
    for (const wrong of ['a\0', 'a\uDC00']) {
      const refused = { code: 'VALIDATION_FAILED' };
      await expect(flows.update(id, { description: wrong })).rejects.toMatchObject(refused);
      const run = await executions.start({ flow_id: id, execution_type: 'api' });
      await expect(executions.cancel(run.id, wrong)).rejects.toMatchObject(refused);
      await executions.cancel(run.id);
    }
  });
});
