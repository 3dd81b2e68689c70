import { createSchedule } from '../../../src/testing';
import { createRepositories, type Repositories } from '../../../src/repositories';
import { beforeStatement } from '../../support/around-statements';
import { openDataSource } from '../../support/data-source';
import { waitFor } from '../../support/wait-for';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'all' });

const past = new Date('2026-01-01T00:00:00Z');
const next = async (id: string) => (await layer.repositories.flows.get(id)).next_execution_time;

// Guards that a flow that the hub edits does not run at a time of the old schedule, or after it was disabled.
describe('planning', () => {
  const ask = (sql: string, values: unknown[]): Promise<unknown> => layer.database.session.query(sql, values);
  const daily = (hour: number) =>
    createSchedule(layer.database.session, { cron_expression: `0 ${hour} * * *`, timezone: 'UTC' });
  const setNext = (id: string, time: Date | null) =>
    ask('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [time, id]);
  const flowOf = async (schedule_id: string): Promise<string> =>
    (await layer.repositories.flows.create(layer.newFlow({ schedule_id }))).id;
  const planned = async (): Promise<number> => (await layer.repositories.dueFlows.plan()).planned;
  const hourOf = async (id: string): Promise<number | undefined> => (await next(id))?.getUTCHours();

  beforeEach(planned);

  it.each<[string, string, number]>([
    ['the cron expression', "cron_expression = '0 5 * * *'", 5],
    ['the time zone', "timezone = 'Asia/Tokyo'", 18],
  ])('notices that another program changed %s of the schedule', async (_title, change, hour) => {
    const schedule = await daily(3);
    const ids = [await flowOf(schedule.id), await flowOf(schedule.id)];
    await ask(`UPDATE replication_schedules SET ${change} WHERE id = ?`, [schedule.id]);
    expect(await planned()).toBe(2);
    for (const id of ids) expect(await hourOf(id)).toBe(hour);
    expect(await planned()).toBe(0);
  });

  it.each([
    ['earlier than', 86_400_000],
    ['later than', -60_000],
  ] as const)('corrects the next time of a flow when the right time is %s it', async (_title, distance) => {
    const schedule = await daily((new Date().getUTCHours() + 12) % 24);
    const [fits, moved] = [await flowOf(schedule.id), await flowOf(schedule.id)];
    const right = (await next(fits))!;
    await setNext(moved, new Date(right.getTime() + distance));
    expect(await planned()).toBe(1);
    expect([await next(fits), await next(moved)]).toEqual([right, right]);
  });

  it('notices that another program gave a flow another schedule, and keeps times that fit', async () => {
    const [was, will] = [await daily(3), await daily(7)];
    const moved = await flowOf(was.id);
    const kept = await flowOf(was.id);
    const long = '2026-01-01 00:00:00';
    await ask('UPDATE protection_flows SET updated_at = ? WHERE id IN (?)', [long, [moved, kept]]);
    await ask('UPDATE protection_flows SET schedule_id = ?, updated_at = ? WHERE id = ?', [
      will.id,
      long,
      moved,
    ]);
    expect(await planned()).toBe(1);
    expect([await hourOf(moved), await hourOf(kept)]).toEqual([7, 3]);
    expect(await layer.count('SELECT COUNT(*) FROM protection_flows WHERE updated_at = ?', [long])).toBe(1);
  });

  it('notices that a flow lost its schedule or was disabled, whether it was due or not', async () => {
    const schedule = await daily(3);
    const [lost, off, offAndDue, due] = await Promise.all([1, 2, 3, 4].map(() => flowOf(schedule.id)));
    for (const id of [offAndDue!, due!]) await setNext(id, past);
    await ask('UPDATE protection_flows SET schedule_id = NULL WHERE id = ?', [lost]);
    await ask('UPDATE protection_flows SET enabled = 0 WHERE id IN (?)', [[off, offAndDue]]);
    expect(await planned()).toBe(0);
    for (const id of [lost!, off!, offAndDue!]) expect(await next(id)).toBeNull();
    expect(await next(due!)).toEqual(past);
    await ask('UPDATE protection_flows SET enabled = 1 WHERE id = ?', [offAndDue]);
    expect(await planned()).toBe(1);
    expect(await hourOf(offAndDue!)).toBe(3);
    await setNext(due!, null);
  });

  it('notices that a schedule was disabled or became invalid, and reports the invalid one', async () => {
    const [off, broken] = [await daily(3), await daily(3)];
    const ids = [await flowOf(off.id), await flowOf(broken.id)];
    await ask('UPDATE replication_schedules SET enabled = 0 WHERE id = ?', [off.id]);
    await ask("UPDATE replication_schedules SET cron_expression = 'whenever' WHERE id = ?", [broken.id]);
    const { problems } = await layer.repositories.dueFlows.plan();
    for (const id of ids) expect(await next(id)).toBeNull();
    expect(problems.filter(({ scheduleId }) => [off.id, broken.id].includes(scheduleId))).toMatchObject([
      { scheduleId: broken.id, reason: 'schedule-invalid', flowIds: [ids[1]] },
    ]);
  });

  it('also happens in a claim, when few flows are due', async () => {
    const schedule = await daily(3);
    const id = await flowOf(schedule.id);
    await ask("UPDATE replication_schedules SET cron_expression = '0 5 * * *' WHERE id = ?", [schedule.id]);
    await layer.repositories.dueFlows.claimDue({ worker: 'worker-1' });
    expect(await hourOf(id)).toBe(5);
  });

  it('does not run a time again that another scheduler has run meanwhile', async () => {
    const { id: schedule_id } = await createSchedule(layer.database.session, {
      cron_expression: '*/2 * * * * *',
      timezone: 'UTC',
    });
    const id = await flowOf(schedule_id);
    await setNext(id, new Date(Math.floor(Date.now() / 1000) * 1000 + 3_600_000));
    const dueTimes = async (at: Repositories): Promise<(Date | null)[]> => {
      const { claimed } = await at.dueFlows.claimDue({ worker: 'worker-1', limit: 100 });
      const mine = claimed.filter(({ flow }) => flow.id === id);
      for (const { execution } of mine) await at.executions.finish(execution.id, { status: 'success' });
      return mine.map(({ dueAt }) => dueAt);
    };
    const ran: (Date | null)[] = [];
    const slow = await openDataSource(layer.database);
    beforeStatement(
      slow,
      /^UPDATE protection_flows SET next_execution_time = NULL\s+WHERE schedule_id/,
      async () => {
        await layer.repositories.dueFlows.plan();
        await waitFor(async () => ran.push(...(await dueTimes(layer.repositories))) > 0);
      },
    );
    try {
      await createRepositories(slow).dueFlows.plan();
      ran.push(...(await dueTimes(createRepositories(slow))));
    } finally {
      await slow.destroy();
    }
    await layer.repositories.flows.disable(id);
    expect(ran.length).toBeGreaterThan(0);
    expect(new Set(ran.map(String)).size).toBe(ran.length);
  });

  it('keeps the time of a chained schedule, which does not follow a clock', async () => {
    const chained = await createSchedule(layer.database.session, {
      schedule_type: 'chain',
      cron_expression: '',
      chain_parent_schedule_id: (await daily(3)).id,
    });
    const id = await flowOf(chained.id);
    const soon = new Date(Math.floor(Date.now() / 1000) * 1000 + 600_000);
    await setNext(id, soon);
    expect(await planned()).toBe(0);
    expect(await next(id)).toEqual(soon);
  });
});
