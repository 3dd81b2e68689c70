import { useDataLayer } from './data-layer';

const layer = useDataLayer();
const dayMs = 86_400_000;
const ask = (sql: string, parameters: unknown[] = []): Promise<unknown> =>
  layer.database.session.query(sql, parameters);

/** All timers of Node except Date. */
const realTimers = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask'] as const),
  ...([
    'setImmediate',
    'clearImmediate',
    'setInterval',
    'clearInterval',
    'setTimeout',
    'clearTimeout',
  ] as const),
];

// Guards that a host with a wrong clock deletes only old runs, ends only silent runs and begins only due runs.
describe.each([
  ['ahead', 120 * dayMs],
  ['behind', -120 * dayMs],
])('on a host whose clock is 120 days %s', (_which, offMs) => {
  beforeEach(async () => {
    await ask('DELETE FROM protection_flows');
    jest.useFakeTimers({ now: Date.now() + offMs, doNotFake: [...realTimers] });
  });
  afterEach(() => jest.useRealTimers());

  /** A flow with a run for each age in days. */
  async function flowWithRuns(ages: readonly number[], status: 'success' | 'running'): Promise<string> {
    const { id } = await layer.repositories.flows.create(layer.newFlow());
    for (const age of ages)
      await ask(
        `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, started_at, completed_at)
         SELECT ?, ?, ?, 'manual', t, t, IF(? = 'success', t, NULL) FROM (SELECT CURRENT_TIMESTAMP - INTERVAL ? DAY AS t) at`,
        [`${id}-${age}`, id, status, status, age],
      );
    return id;
  }

  it('prune deletes runs that are old by the clock of the server', async () => {
    const id = await flowWithRuns([100, 91, 89, 1], 'success');
    await layer.repositories.retention.prune({ olderThanMs: 90 * dayMs, pauseMs: 0 });
    const { items } = await layer.repositories.executions.history(id);
    expect(items.map((run) => run.id)).toEqual([`${id}-1`, `${id}-89`]);
  });

  it('reapStale ends runs that are silent by the clock of the server', async () => {
    const id = await flowWithRuns([2], 'running');
    const { executions } = layer.repositories;
    expect(await executions.reapStale({ silenceMs: 3 * dayMs })).toEqual([]);
    await executions.progress(`${id}-2`);
    expect(await executions.reapStale({ silenceMs: dayMs })).toEqual([]);
    await ask('UPDATE protection_flow_executions SET execution_metadata = NULL');
    expect(await executions.reapStale({ silenceMs: dayMs })).toEqual([`${id}-2`]);
  });

  it('claimDue claims flows that are due by the clock of the server, and plans from that time', async () => {
    const { flows, dueFlows } = layer.repositories;
    const schedule_id = layer.platform.schedules[1];
    const [due, later] = [
      await flows.create(layer.newFlow({ schedule_id })),
      await flows.create(layer.newFlow({ schedule_id })),
    ];
    await ask(
      'UPDATE protection_flows SET next_execution_time = CURRENT_TIMESTAMP - INTERVAL 1 MINUTE WHERE id = ?',
      [due.id],
    );
    await ask(
      'UPDATE protection_flows SET next_execution_time = CURRENT_TIMESTAMP + INTERVAL 1 MINUTE WHERE id = ?',
      [later.id],
    );
    const claimed = await dueFlows.claimDue({ worker: 'w', missed: 'skip' });
    expect(claimed).toMatchObject({ claimed: [{ flow: { id: due.id } }], skipped: [] });
    await ask('UPDATE protection_flows SET next_execution_time = NULL WHERE id = ?', [later.id]);
    await dueFlows.plan();
    // The schedule is hourly
    const within = 'next_execution_time BETWEEN CURRENT_TIMESTAMP AND CURRENT_TIMESTAMP + INTERVAL 1 HOUR';
    expect(await layer.count(`SELECT COUNT(*) FROM protection_flows WHERE ${within}`)).toBe(2);
  });

  it('summary counts the runs of today by the clock of the server', async () => {
    const { flows, executions } = layer.repositories;
    const { id } = await flows.create(layer.newFlow());
    await executions.start({ flow_id: id, execution_type: 'api' });
    expect(await flows.summary()).toMatchObject({ totalExecutionsToday: 1 });
  });
});
