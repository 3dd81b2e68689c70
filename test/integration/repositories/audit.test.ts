import type { QueryRunner } from 'typeorm';
import { createRepositories, type AuditedRuns, type Repositories } from '../../../src/repositories';
import { createSchedule } from '../../../src/testing';
import { spans, type Expected, type Label } from './audited-spans';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'all' });

const minute = 60_000;
const hour = 60 * minute;
/** A UTC time on day 1 to 3; day 2 is 28 March 2026. Berlin's clock goes forward on day 3 at 01:00 UTC. */
const at = (day: number, hours: number, minutes = 0): number => Date.UTC(2026, 2, 26 + day, hours, minutes);
const [begin, end] = [at(1, 8), at(3, 12)];

const onTime: Label = ['on-time', null, null];
const every = (stepMs: number, first: number, last: number): number[] =>
  Array.from({ length: Math.floor((last - first) / stepMs) + 1 }, (_, index) => first + index * stepMs);
const hourly = every(hour, begin + hour, end);

/** Nobody claims during the outage on day 1, nor in the last two hours. */
const outage = { from: at(1, 10, 45), to: at(1, 13, 30) };
const stopped = end - 2 * hour;

/** The expected label of an hourly flow's run, unless the flow's story says otherwise. */
const hourlyLabel = (due: number): Label => {
  if (due === at(1, 11)) return ['late', null, (outage.to - due) / 1_000];
  if (due > at(1, 11) && due <= outage.to) return ['missed', 'missed', null];
  return due > stopped ? ['missed', 'no-trace', null] : onTime;
};
const labelled = (
  times: readonly number[],
  label: (due: number) => Label | undefined = () => undefined,
): Expected => times.map((due) => [due, label(due) ?? hourlyLabel(due)]);
const between = (from: number, to: number, label: Label) => (due: number) =>
  due > from && due <= to ? label : undefined;

/** 02:30 in Berlin of each day, or the first time that the clock shows after 02:30. */
const berlin = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Berlin',
  dateStyle: 'short',
  timeStyle: 'short',
});
const nightly = [
  ...new Map(
    every(minute, at(0, 0), end)
      .map((time) => [berlin.format(time).split(' ') as [string, string], time] as const)
      .filter(([[, clock]]) => clock >= '02:30')
      .reverse()
      .map(([[day], time]) => [day, time] as const),
  ).values(),
]
  .reverse()
  .filter((time) => time > begin);

interface Actor {
  readonly id: string;
  readonly schedule: string;
}

/** A flow's story: its schedule, the events with their times, and the expected audit. */
interface Story {
  readonly cron?: string;
  readonly zone?: string;
  readonly events?: readonly (readonly [time: number, happens: (actor: Actor) => Promise<unknown>])[];
  /** The run claimed at `runsFrom` ends at `runsTo`. Default: each run ends at once. */
  readonly runsFrom?: number;
  readonly runsTo?: number;
  readonly expected: Expected;
  /** Why, and from when, the audit knows nothing more. */
  readonly unknown?: readonly [reason: string, from: number];
}

let runner: QueryRunner;
let repositories: Repositories;
const sql = (text: string, ...values: unknown[]): Promise<unknown> => runner.query(text, values);
const setSchedule =
  (change: string) =>
  ({ schedule }: Actor) =>
    sql(`UPDATE replication_schedules SET ${change} WHERE id = ?`, schedule);

const stories: Readonly<Record<string, Story>> = {
  'runs on time, except during an outage': { expected: labelled(hourly) },
  'still runs when later runs are due': {
    runsFrom: at(1, 15),
    runsTo: at(1, 18, 30),
    expected: labelled(hourly, between(at(1, 15), at(1, 18, 30), ['skipped', 'still-running', null])),
  },
  'has a schedule that is disabled, then enabled': {
    events: [
      [at(1, 20, 30), setSchedule('enabled = 0')],
      [at(1, 23, 30), setSchedule('enabled = 1')],
    ],
    expected: labelled(hourly, between(at(1, 20, 30), at(1, 23, 30), ['skipped', 'schedule-disabled', null])),
  },
  'is disabled, then enabled': {
    events: [
      [at(2, 1, 10), ({ id }) => repositories.flows.disable(id)],
      [at(2, 3, 50), ({ id }) => repositories.flows.enableMany([id])],
    ],
    expected: labelled(hourly, between(at(2, 1, 10), at(2, 3, 50), ['skipped', 'flow-disabled', null])),
  },
  'is paused until a time': {
    events: [
      [at(2, 8, 10), ({ id }) => repositories.flows.pause(id, { until: new Date(at(2, 11, 50)), note: 'x' })],
    ],
    expected: labelled(hourly, between(at(2, 8, 10), at(2, 11, 50), ['skipped', 'paused', null])),
  },
  'gets another cron expression': {
    events: [[at(2, 5, 15), setSchedule("cron_expression = '*/30 * * * *'")]],
    expected: labelled(every(hour, begin + hour, at(2, 5)).concat(every(hour / 2, at(2, 5, 30), end))),
  },
  'loses its schedule when it is due': {
    events: [[at(2, 6), ({ schedule }) => sql('DELETE FROM replication_schedules WHERE id = ?', schedule)]],
    expected: labelled(
      every(hour, begin + hour, at(2, 6)),
      between(at(2, 5), at(2, 6), ['skipped', 'no-schedule', null]),
    ),
  },
  'has a schedule that becomes invalid when it is due': {
    events: [[at(2, 7), setSchedule("cron_expression = 'at noon'")]],
    expected: labelled(
      every(hour, begin + hour, at(2, 7)),
      between(at(2, 6), at(2, 7), ['skipped', 'schedule-invalid', null]),
    ),
    unknown: ['schedule-invalid', at(2, 7)],
  },
  'runs at 02:30 each night in Berlin, also in the night without 02:30': {
    cron: '30 2 * * *',
    zone: 'Europe/Berlin',
    expected: nightly.map((due) => [due, onTime]),
  },
};

/** The expected spans of a story, in the form of an audit. */
const spansOf = ({ expected, unknown }: Story): AuditedRuns[] => [
  ...spans(expected),
  ...(unknown
    ? [
        {
          ...{
            finding: 'unknown' as const,
            reason: unknown[0] as AuditedRuns['reason'],
            lateSeconds: null,
            runs: 0,
          },
          ...{ firstDueAt: new Date(unknown[1]), lastDueAt: new Date(end) },
        },
      ]
    : []),
];

const setClock = (time: number): Promise<unknown> => sql('SET timestamp = ?', time / 1_000);

/** Plays the stories on a connection with a set clock. Claims and plans due flows every quarter of an hour. */
async function play(actors: ReadonlyMap<string, Actor>): Promise<void> {
  const open = new Map<string, string>();
  for (const now of every(15 * minute, begin, end)) {
    await setClock(now);
    for (const [name, { events = [], runsTo }] of Object.entries(stories)) {
      const actor = actors.get(name)!;
      for (const [time, happens] of events)
        if (time > now - 15 * minute && time <= now) await setClock(time).then(() => happens(actor));
      if (runsTo === now) await repositories.executions.finish(open.get(name)!, { status: 'success' });
    }
    await setClock(now);
    if ((now > outage.from && now < outage.to) || now > stopped) continue;
    const { claimed } = await repositories.dueFlows.claimDue({ worker: 'w', limit: 100 });
    await repositories.dueFlows.plan();
    for (const { execution, flow } of claimed) {
      const [name] = [...actors].find(([, { id }]) => id === flow.id)!;
      if (now === stories[name]?.runsFrom) open.set(name, execution.id);
      else await repositories.executions.finish(execution.id, { status: 'success' });
    }
  }
}

/** Guards that an audit reports each run as an independent calculation does, and invents none. */
describe('an audit', () => {
  const actors = new Map<string, Actor>();
  const auditOf = async (flow_id: string, since = begin, until = end) => {
    const window = { since: new Date(since), until: new Date(until) };
    return (await repositories.dueFlows.audit({ ...window, flow_id })).flows[0]!.runs;
  };

  beforeAll(async () => {
    runner = layer.dataSource.createQueryRunner();
    repositories = createRepositories(runner.manager);
    await setClock(begin);
    for (const [name, { cron = '0 * * * *', zone = 'UTC' }] of Object.entries(stories)) {
      const { id: schedule } = await createSchedule(layer.database.session, {
        cron_expression: cron,
        timezone: zone,
      });
      const { id } = await repositories.flows.create(layer.newFlow({ name, schedule_id: schedule }));
      actors.set(name, { id, schedule });
    }
    await play(actors);
    await setClock(end + 5 * minute);
  }, 120_000);
  afterAll(() => runner.release());

  it.each(Object.keys(stories))('reports every run of a flow that %s', async (name) => {
    expect(await auditOf(actors.get(name)!.id)).toEqual(spansOf(stories[name]!));
  });
  it('reports times without a record, and times of a chained schedule, as unknown', async () => {
    await setClock(begin);
    const { id: chain } = await createSchedule(layer.database.session, { schedule_type: 'chain' });
    const { id: unkept } = await createSchedule(layer.database.session, { cron_expression: '0 * * * *' });
    const [chained, other] = [
      await repositories.flows.create(layer.newFlow({ schedule_id: chain })),
      await repositories.flows.create(layer.newFlow({ schedule_id: unkept })),
    ];
    const from = { firstDueAt: new Date(begin), lastDueAt: new Date(end), runs: 0, lateSeconds: null };
    await setClock(end);
    expect(await auditOf(chained.id)).toEqual([{ ...from, finding: 'unknown', reason: 'not-recorded' }]);
    await setClock(begin);
    await repositories.dueFlows.plan();
    await setClock(end);
    await sql('DELETE FROM sendense_flow_timetables WHERE flow_id = ?', other.id);
    expect(await auditOf(chained.id)).toEqual([{ ...from, finding: 'unknown', reason: 'chained' }]);
    expect(await auditOf(other.id)).toEqual([{ ...from, finding: 'unknown', reason: 'not-recorded' }]);
  });

  it('reports a run that waits in the queue, and a run that was cancelled there', async () => {
    await setClock(end);
    const { id: schedule } = await createSchedule(layer.database.session, { cron_expression: '0 * * * *' });
    const { id } = await repositories.flows.create(layer.newFlow({ schedule_id: schedule }));
    await repositories.dueFlows.plan();
    const claimAt = async (time: number) => {
      await setClock(time);
      return repositories.dueFlows.claimDue({ worker: 'w', limit: 100, overlap: 'queue' });
    };
    await claimAt(end + hour);
    const { queued } = await claimAt(end + 2 * hour);
    const mine = queued.find(({ flow }) => flow.id === id)!;
    await repositories.executions.cancel(mine.execution.id);
    await claimAt(end + 3 * hour);
    await setClock(end + 3 * hour + 10 * minute);
    const found = await auditOf(id, end, end + 3 * hour);
    expect(found.map(({ finding, reason, lateSeconds }) => [finding, reason, lateSeconds])).toEqual([
      onTime,
      ['skipped', 'cancelled', null],
      ['late', 'waiting', 600],
    ]);
  });

  it('lists all flows in pages, each once', async () => {
    const ids: string[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page = await repositories.dueFlows.audit({ since: new Date(begin), limit: 3, after });
      expect(page.flows.length).toBeLessThanOrEqual(3);
      ids.push(...page.flows.map(({ id }) => id));
      after = page.next;
    }
    const all = (await repositories.flows.list({}, { limit: 100 })).items.map(({ id }) => id);
    expect(ids).toEqual(all.sort());
  });
});
