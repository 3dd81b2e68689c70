import { createSchedule } from '../../../src/testing';
import type { ClaimOptions, FlowChanges } from '../../../src/repositories';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'all' });

const worker = 'worker-1';
const past = new Date('2026-01-01T00:00:00Z');
const claim = (options: Partial<ClaimOptions> = {}) =>
  layer.repositories.dueFlows.claimDue({ worker, limit: 100, ...options });

async function dueFlow(due = past, overrides: FlowChanges = {}): Promise<string> {
  const schedule_id = overrides.schedule_id ?? layer.platform.schedules[1];
  const { id } = await layer.repositories.flows.create(layer.newFlow({ ...overrides, schedule_id }));
  await setNext(id, due);
  return id;
}
const setNext = (id: string, next: Date | null) =>
  layer.database.session.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [
    next,
    id,
  ]);
const next = async (id: string) => (await layer.repositories.flows.get(id)).next_execution_time;
const of = <Row extends { flowId: string }>(rows: readonly Row[], id: string): Row[] =>
  rows.filter((row) => row.flowId === id);

// Guards that a scheduled flow runs once each time, and does not pile up behind a run that is still under way.
describe('a due flow', () => {
  it('is claimed once, with a run and a next time', async () => {
    const { flows, executions } = layer.repositories;
    const id = await dueFlow();
    const { claimed } = await claim();
    const mine = claimed.filter(({ flow }) => flow.id === id);
    expect(mine).toMatchObject([
      {
        dueAt: past,
        flow: { id },
        execution: { flow_id: id, status: 'running', execution_type: 'scheduled', triggered_by: worker },
      },
    ]);
    const run = mine[0]!.execution;
    expect(await executions.get(run.id)).toEqual(run);
    expect(run.execution_metadata).toEqual({ worker, due_at: '2026-01-01T00:00:00.000Z' });
    const flow = await flows.get(id);
    expect(flow).toMatchObject({
      last_execution_id: run.id,
      last_execution_status: 'running',
      last_execution_time: run.started_at,
    });
    expect(flow.next_execution_time!.getTime()).toBeGreaterThan(Date.now());
    expect((await claim()).claimed.filter((one) => one.flow.id === id)).toEqual([]);
  });

  it('is not claimed while it is disabled or its time is in the future', async () => {
    const off = await dueFlow();
    await layer.database.session.query('UPDATE protection_flows SET enabled = 0 WHERE id = ?', [off]);
    const later = await dueFlow(new Date(Date.now() + 3_600_000));
    const { claimed, skipped } = await claim();
    const seen = [...claimed.map(({ flow }) => flow.id), ...skipped.map(({ flowId }) => flowId)];
    expect(seen).not.toEqual(expect.arrayContaining([off]));
    expect(seen).not.toEqual(expect.arrayContaining([later]));
  });

  it('is claimed in the order of the due times, up to the given limit', async () => {
    const ids = [
      await dueFlow(new Date('2025-03-01T00:00:00Z')),
      await dueFlow(new Date('2025-01-01T00:00:00Z')),
      await dueFlow(new Date('2025-02-01T00:00:00Z')),
    ];
    const first = await claim({ limit: 2 });
    expect(first.claimed.map(({ flow }) => flow.id)).toEqual([ids[1], ids[2]]);
    expect((await claim({ limit: 1 })).claimed.map(({ flow }) => flow.id)).toEqual([ids[0]]);
  });

  it('is claimed when it is due by the time that the caller gives', async () => {
    const id = await dueFlow(new Date('2030-05-05T05:00:00Z'));
    const { claimed } = await claim({ now: new Date('2030-05-05T05:00:01Z') });
    expect(claimed.map(({ flow }) => flow.id)).toContain(id);
    expect(await next(id)).toEqual(new Date('2030-05-05T06:00:00Z'));
  });
});

describe('a flow that still runs when it is due', () => {
  it('is skipped', async () => {
    const id = await dueFlow();
    await layer.repositories.executions.start({ flow_id: id, execution_type: 'manual' });
    const { claimed, skipped } = await claim();
    expect(claimed.filter(({ flow }) => flow.id === id)).toEqual([]);
    expect(of(skipped, id)).toEqual([{ flowId: id, reason: 'still-running', dueAt: past }]);
    expect((await next(id))!.getTime()).toBeGreaterThan(Date.now());
  });

  it('is queued on request, at most once, and claimed when its earlier run ends', async () => {
    const { executions, dueFlows } = layer.repositories;
    const id = await dueFlow();
    const first = await executions.start({ flow_id: id, execution_type: 'manual' });
    const { queued } = await claim({ overlap: 'queue' });
    expect(queued.filter(({ flow }) => flow.id === id)).toMatchObject([{ execution: { status: 'pending' } }]);
    await setNext(id, past);
    expect(of((await claim({ overlap: 'queue' })).skipped, id)).toMatchObject([{ reason: 'still-running' }]);
    const mine = async () =>
      (await dueFlows.claimQueued({ worker: 'worker-2', limit: 100 })).filter(({ flow }) => flow.id === id);
    expect(await mine()).toEqual([]);
    await executions.finish(first.id, { status: 'success' });
    const taken = await mine();
    expect(taken).toMatchObject([
      { dueAt: past, execution: { status: 'running', execution_metadata: { worker: 'worker-2' } } },
    ]);
    expect(await mine()).toEqual([]);
  });
});

describe('a run that nobody claimed in time', () => {
  it('is run once late, or skipped on request', async () => {
    const id = await dueFlow();
    expect(of((await claim({ missed: 'skip' })).skipped, id)).toMatchObject([{ reason: 'missed' }]);
    expect((await next(id))!.getTime()).toBeGreaterThan(Date.now());
    await setNext(id, new Date(Date.now() - 60_000));
    const { claimed } = await claim({ missed: 'skip', missedAfterMs: 3_600_000 });
    expect(claimed.filter(({ flow }) => flow.id === id)).toHaveLength(1);
  });
});

describe('a schedule that gives no time', () => {
  it.each([
    ['disabled', { enabled: 0 }, 'schedule-disabled'],
    ['invalid', { cron_expression: 'whenever' }, 'schedule-invalid'],
  ] as const)('does not run its flows: %s', async (_title, broken, reason) => {
    const { session } = layer.database;
    const schedule = await createSchedule(session);
    const id = await dueFlow(past, { schedule_id: schedule.id });
    const [[column, value]] = Object.entries(broken) as [[string, unknown]];
    await session.query(`UPDATE replication_schedules SET ${column} = ? WHERE id = ?`, [value, schedule.id]);
    expect(of((await claim()).skipped, id)).toMatchObject([{ reason }]);
    expect(await next(id)).toBeNull();
    const { problems } = await layer.repositories.dueFlows.plan();
    const mine = problems.filter((problem) => problem.scheduleId === schedule.id);
    expect(mine).toMatchObject(reason === 'schedule-disabled' ? [] : [{ reason, flowIds: [id] }]);

    // The schedule is corrected: the next plan uses it
    await session.query(
      "UPDATE replication_schedules SET enabled = 1, cron_expression = '0 4 * * *' WHERE id = ?",
      [schedule.id],
    );
    await layer.repositories.dueFlows.plan();
    expect((await next(id))?.getUTCHours()).toBe(4);
  });

  it('does not run a flow whose schedule was deleted', async () => {
    const schedule = await createSchedule(layer.database.session);
    const id = await dueFlow(past, { schedule_id: schedule.id });
    await layer.database.session.query('DELETE FROM replication_schedules WHERE id = ?', [schedule.id]);
    expect(of((await claim()).skipped, id)).toMatchObject([{ reason: 'no-schedule' }]);
    expect(await next(id)).toBeNull();
  });
});

describe('planning', () => {
  it('sets the next time of flows written with raw SQL, in the time zone of the schedule', async () => {
    const { session } = layer.database;
    const schedule = await createSchedule(session, {
      cron_expression: '30 1 * * *',
      timezone: 'Asia/Kathmandu',
    });
    await session.query(
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type, schedule_id)
       VALUES ('raw', 'Raw', 'replication', 'vm', 'x', 'ossea', ?)`,
      [schedule.id],
    );
    expect((await layer.repositories.dueFlows.plan()).planned).toBe(1);
    const time = await next('raw');
    expect([time?.getUTCHours(), time?.getUTCMinutes()]).toEqual([19, 45]);
    expect((await layer.repositories.dueFlows.plan()).planned).toBe(0);
  });

  it('follows a changed schedule, and keeps a due run', async () => {
    const { session } = layer.database;
    const schedule = await createSchedule(session, { cron_expression: '0 3 * * *' });
    const { id } = await layer.repositories.flows.create(layer.newFlow({ schedule_id: schedule.id }));
    const due = await dueFlow(past, { schedule_id: schedule.id });
    await session.query("UPDATE replication_schedules SET cron_expression = '0 5 * * *' WHERE id = ?", [
      schedule.id,
    ]);
    expect((await layer.repositories.dueFlows.replan(schedule.id)).planned).toBe(1);
    expect((await next(id))?.getUTCHours()).toBe(5);
    expect(await next(due)).toEqual(past);
  });
});

describe('a chained schedule', () => {
  it('fires once after each run of the schedule before it, with its delay', async () => {
    const { session } = layer.database;
    const { flows, executions, dueFlows } = layer.repositories;
    const parent = await createSchedule(session);
    const chained = await createSchedule(session, {
      schedule_type: 'chain',
      cron_expression: '',
      chain_parent_schedule_id: parent.id,
      chain_delay_minutes: 10,
    });
    const { id: follower } = await flows.create(layer.newFlow({ schedule_id: chained.id }));
    expect(await next(follower)).toBeNull();
    await session.query('UPDATE protection_flows SET created_at = ? WHERE id = ?', [past, follower]);
    const leaders = [
      await dueFlow(past, { schedule_id: parent.id }),
      await dueFlow(past, { schedule_id: parent.id }),
    ];
    const { claimed } = await claim();
    const runs = claimed.filter(({ flow }) => leaders.includes(flow.id)).map(({ execution }) => execution.id);
    await executions.finish(runs[0]!, { status: 'success' });
    await dueFlows.plan();
    // One of the two still runs
    expect(await next(follower)).toBeNull();
    await executions.finish(runs[1]!, { status: 'error' });
    await dueFlows.plan();
    const { completed_at } = await executions.get(runs[1]!);
    expect(await next(follower)).toEqual(new Date(completed_at!.getTime() + 600_000));

    const later = await claim({ now: new Date(completed_at!.getTime() + 600_000) });
    expect(later.claimed.map(({ flow }) => flow.id)).toContain(follower);
    expect(await next(follower)).toBeNull();
    await dueFlows.plan();
    expect(await next(follower)).toBeNull();
  });
});

describe('wrong options of a claim', () => {
  it.each<[string, object, string]>([
    ['no worker', { worker: '' }, 'worker'],
    ['a limit of 0', { limit: 0 }, 'limit'],
    ['an unknown overlap', { overlap: 'both' }, 'overlap'],
    ['an unknown missed', { missed: 'maybe' }, 'missed'],
    ['a negative missedAfterMs', { missedAfterMs: -1 }, 'missedAfterMs'],
  ])('are refused: %s', async (_title, options, field) => {
    await expect(claim(options)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field }] },
    });
  });
});
