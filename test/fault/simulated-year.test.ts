import type { QueryRunner } from 'typeorm';
import { createRepositories, type Repositories } from '../../src/repositories';
import { select } from '../../src/engine/server/queryable';
import { createSchedule } from '../../src/testing';
import { spans, type Expected, type Label } from '../integration/repositories/audited-spans';
import { useDataLayer } from '../integration/repositories/data-layer';
import { referenceRuns, textOf, wallClock, type Field, type Fields } from '../unit/schedule/reference-cron';

const layer = useDataLayer({ per: 'all' });

const minute = 60_000;
const [tick, hour, day] = [30 * minute, 60 * minute, 1_440 * minute];
/**
 * 15 days with 60 flows, which include a leap day and the change to summer time in America. SIMULATED_DAYS=366 simulates a
 * year with 200 flows.
 */
const days = Number(process.env['SIMULATED_DAYS'] ?? 15);
const [begin, end] = [Date.UTC(2028, 1, 28), Date.UTC(2028, 1, 28) + days * day];
const ticks = Array.from({ length: (end - begin) / tick + 1 }, (_, index) => begin + index * tick);

const zones = [
  ...['UTC', 'Europe/Berlin', 'Europe/London', 'America/New_York', 'America/St_Johns', 'America/Santiago'],
  ...[
    'Asia/Kathmandu',
    'Asia/Tokyo',
    'Australia/Lord_Howe',
    'Australia/Sydney',
    'Pacific/Apia',
    'Africa/Cairo',
  ],
];

/** A number in [0, 1) for a purpose, the same in each test run. */
function chance(...what: readonly (string | number)[]): number {
  let hash = 2_166_136_261;
  for (const character of what.join('|')) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
const pick = <One>(choices: readonly One[], ...what: readonly (string | number)[]): One =>
  choices[Math.floor(chance(...what) * choices.length)]!;

// During an outage of schedulers or the database nobody claims, and afterwards the connection is lost
const outages = ticks.filter((at) => chance('outage', at) < 1 / 150);
const isOut = (at: number): boolean =>
  at !== end && outages.some((from) => at >= from && at < from + Math.ceil(chance('long', from) * 20) * tick);
const live = ticks.filter((at) => !isOut(at));

const field = (text: string, ...values: number[]): Field => ({ text, values: new Set(values) });
const all = (min: number, max: number): Field =>
  field('*', ...Array.from({ length: max - min + 1 }, (_, index) => min + index));
const one = (value: number): Field => field(String(value), value);

function fieldsOf(flow: number): Fields {
  const at = pick([0, 0, 15, 30, 30, 45, 7], 'minute', flow);
  const h = pick([0, 1, 2, 2, 3, 12, 22, 23], 'hour', flow);
  const daily = {
    ...{ second: null, minute: one(at), hour: one(h) },
    ...{ day: all(1, 31), month: all(1, 12), weekday: all(0, 6) },
  };
  const kind = flow % 20;
  if (kind === 0) return { ...daily, day: one(29), month: one(2) };
  if (kind === 1) return { ...daily, day: one(pick([1, 15, 28, 31], 'day', flow)) };
  if (kind < 5) return { ...daily, weekday: one(pick([0, 3, 6], 'weekday', flow)) };
  if (kind < 7) return { ...daily, hour: all(0, 23) };
  if (kind < 9) return { ...daily, hour: field('*/6', 0, 6, 12, 18) };
  if (kind === 9) return { ...daily, minute: field('*/20', 0, 20, 40), hour: field('1-3', 1, 2, 3) };
  return daily;
}

type State = 'on' | 'flow-disabled' | 'schedule-disabled';

/** A flow and its events. The flow and its schedule can each be off for a while, from one claim to another. */
interface Actor {
  readonly fields: Fields;
  readonly zone: string;
  readonly off: Readonly<Record<'flow' | 'schedule', readonly [from: number, to: number]>>;
}

function offOf(what: string, flow: number): readonly [number, number] {
  if (chance(what, flow) < 0.7) return [Infinity, Infinity];
  const from = Math.floor(chance(what, 'from', flow) * (live.length - 1));
  return [
    live[from]!,
    live[Math.min(from + 1 + Math.floor(chance(what, 'for', flow) * 500), live.length - 1)]!,
  ];
}

const actors: readonly Actor[] = Array.from({ length: days < 100 ? 60 : 200 }, (_, flow) => ({
  fields: fieldsOf(flow),
  zone: zones[flow % zones.length]!,
  off: { flow: offOf('flow', flow), schedule: offOf('schedule', flow) },
}));

const isOff = ([from, to]: readonly [number, number], at: number): boolean => at >= from && at < to;
const stateAt = ({ off }: Actor, at: number): State =>
  isOff(off.flow, at) ? 'flow-disabled' : isOff(off.schedule, at) ? 'schedule-disabled' : 'on';

/** When a run ends that began at `begun`: mostly at once, otherwise hours or days later. */
const endOf = (flow: number, due: number, begun: number): number =>
  chance('run', flow, due) < 0.85 ? begun : begun + Math.ceil(chance('runs', flow, due) ** 3 * 200) * tick;

const offsets = new Map<string, number>();
/** The wall clock, with one call of Intl per quarter of an hour: since 1990 no clock has changed within a quarter. */
function quickClock(zone: string, instant: number): Date {
  const quarter = Math.floor(instant / (15 * minute)) * 15 * minute;
  const key = `${zone} ${quarter}`;
  const offset = offsets.get(key) ?? wallClock(zone, quarter).getTime() - quarter;
  offsets.set(key, offset);
  return new Date(instant + offset);
}

/** The second calculation: the result of each due time, from the simulated events alone. */
function expectedOf(flow: number): Expected {
  const actor = actors[flow]!;
  const dues = referenceRuns(actor.fields, actor.zone, begin, end, quickClock);
  const found: [number, Label][] = [];
  let [at, busyUntil, before]: [number, number, State] = [0, 0, 'on'];
  for (const now of live) {
    const first = at;
    while (at < dues.length && dues[at]! <= now) at += 1;
    const state = stateAt(actor, now);
    for (const [place, due] of dues.slice(first, at).entries()) {
      const label = (): Label => {
        if (before !== 'on') return ['skipped', before, null];
        // The flow had no next time any more at the next claim
        if (state === 'flow-disabled') return ['missed', 'no-trace', null];
        if (place > 0) return ['missed', 'missed', null];
        if (state === 'schedule-disabled') return ['skipped', state, null];
        if (now < busyUntil) return ['skipped', 'still-running', null];
        busyUntil = endOf(flow, due, now);
        return now - due > minute ? ['late', null, (now - due) / 1_000] : ['on-time', null, null];
      };
      found.push([due, label()]);
    }
    before = state;
  }
  return found;
}

/**
 * Guards that each due time has a run, a skip or a miss, whatever the clocks, the outages and people do. Each flow has a schedule.
 * Due flows are claimed every half hour, on a connection whose clock the test sets.
 */
describe('a simulated year', () => {
  const ids: string[] = [];
  const expected = actors.map((_, flow) => expectedOf(flow));
  let runner: QueryRunner | undefined;
  let repositories: Repositories;

  async function connect(now: number): Promise<void> {
    await runner?.release();
    runner = layer.dataSource.createQueryRunner();
    repositories = createRepositories(runner.manager);
    await setClock(now);
  }
  const setClock = (now: number) => runner!.query('SET timestamp = ?', [now / 1_000]);
  async function loseConnection(): Promise<void> {
    const [{ id }] = (await runner!.query('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
    await layer.database.session.query(`KILL CONNECTION ${id}`);
    await expect(runner!.query('DO 0')).rejects.toBeDefined();
  }

  async function makeFlows(): Promise<void> {
    for (const [flow, { fields, zone }] of actors.entries()) {
      const { id } = await createSchedule(layer.database.session, {
        cron_expression: textOf(fields),
        timezone: zone,
      });
      const made = await repositories.flows.create(layer.newFlow({ name: `flow ${flow}`, schedule_id: id }));
      ids.push(made.id);
    }
  }

  /** Switches flows and schedules off and on, as people do, before the claim at this time. */
  async function switchAt(now: number): Promise<void> {
    for (const [flow, { off }] of actors.entries()) {
      if (off.flow[0] === now) await repositories.flows.disable(ids[flow]!);
      if (off.flow[1] === now) await repositories.flows.enable(ids[flow]!);
      if (off.schedule.includes(now))
        await runner!.query(
          `UPDATE replication_schedules s JOIN protection_flows f ON f.schedule_id = s.id SET s.enabled = ?
            WHERE f.id = ?`,
          [off.schedule[1] === now ? 1 : 0, ids[flow]],
        );
    }
  }

  async function play(): Promise<void> {
    const places = new Map(ids.map((id, flow) => [id, flow]));
    let underWay: { readonly id: string; readonly over: number }[] = [];
    for (const [index, now] of live.entries()) {
      if (index > 0 && now - live[index - 1]! > tick) await loseConnection().then(() => connect(now));
      await setClock(now);
      for (const { id, over } of underWay)
        if (over <= now) await repositories.executions.finish(id, { status: 'success' });
      underWay = underWay.filter(({ over }) => over > now);
      await switchAt(now);
      for (let found = 500; found === 500;) {
        const { claimed, skipped } = await repositories.dueFlows.claimDue({ worker: 'w', limit: 500 });
        found = claimed.length + skipped.length;
        for (const { execution, flow, dueAt } of claimed) {
          const over = endOf(places.get(flow.id)!, dueAt!.getTime(), now);
          if (over > now) underWay.push({ id: execution.id, over });
          else await repositories.executions.finish(execution.id, { status: 'success' });
        }
      }
      await repositories.dueFlows.plan();
    }
  }

  beforeAll(async () => {
    await connect(begin);
    await makeFlows();
    await play();
    await setClock(end + hour);
  }, 3_600_000);
  afterAll(() => runner?.release());

  it('has an audit that equals a second calculation, flow by flow', async () => {
    const window = { since: new Date(begin), until: new Date(end) };
    for (const [flow, id] of ids.entries()) {
      const [audited] = (await repositories.dueFlows.audit({ ...window, flow_id: id })).flows;
      const { fields, zone } = actors[flow]!;
      expect([textOf(fields), zone, audited!.runs]).toEqual([textOf(fields), zone, spans(expected[flow]!)]);
    }
  });

  it('has one run, skip or miss for each due time, and no other', async () => {
    const labels = expected.flatMap((ofFlow) => ofFlow.map(([, [finding, reason]]) => reason ?? finding));
    const wanted = (...names: string[]): number => labels.filter((label) => names.includes(label)).length;
    const count = (sql: string): Promise<number> => layer.count(sql);
    expect(await count('SELECT COUNT(*) FROM protection_flow_executions')).toBe(wanted('on-time', 'late'));
    for (const reason of ['still-running', 'missed'])
      expect([
        reason,
        await count(`SELECT SUM(runs) FROM sendense_flow_skips WHERE reason = '${reason}'`),
      ]).toEqual([reason, wanted(reason)]);
    const totals = await select(
      layer.database.session,
      'SELECT reason, SUM(runs) AS runs FROM sendense_flow_skip_totals GROUP BY reason ORDER BY reason',
    );
    const kept = await select(
      layer.database.session,
      'SELECT reason, SUM(runs) AS runs FROM sendense_flow_skips GROUP BY reason ORDER BY reason',
    );
    expect(totals).toEqual(kept);
    // Each kind of result must have occurred
    const seen = new Set(labels);
    for (const label of ['on-time', 'late', 'still-running', 'missed', 'schedule-disabled', 'flow-disabled'])
      expect(seen).toContain(label);
  });
});
