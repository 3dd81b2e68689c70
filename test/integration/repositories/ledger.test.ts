import { rollback } from '../../../src/engine/migrate';
import { verify } from '../../../src/engine/verify';
import { pruneLedger } from '../../../src/repositories/due/ledger';
import { Session } from '../../../src/repositories/session';
import { createRepositories, type ClaimOptions, type FlowChanges } from '../../../src/repositories';
import { createSchedule } from '../../../src/testing';
import { stepsBackTo } from '../../support/migrations';
import { flowRecordTables } from '../../../src/statistics/meaning';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'each' });
const query = <Row>(sql: string, ...values: unknown[]) =>
  layer.database.session.query(sql, values) as Promise<Row[]>;

/** A time on 5 May 2030, in UTC. */
const at = (hour: number, minute = 0): Date => new Date(Date.UTC(2030, 4, 5, hour, minute));
const claimAt = (now: Date, options: Partial<ClaimOptions> = {}) =>
  layer.repositories.dueFlows.claimDue({ worker: 'worker-1', limit: 100, ...options, now });

/** Creates a flow that is due from 12:00 on, each minute or by the given cron expression. */
async function flow(cron = '* * * * *', changes: FlowChanges = {}): Promise<string> {
  const { id: schedule_id } = await createSchedule(layer.database.session, { cron_expression: cron });
  const { id } = await layer.repositories.flows.create(layer.newFlow({ ...changes, schedule_id }));
  await query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', at(12), id);
  return id;
}
const startRun = (flow_id: string) =>
  layer.repositories.executions.start({ flow_id, execution_type: 'manual' });

/** The rows of the ledger: reason, first and last due time, number of runs. */
const skips = async (): Promise<unknown[]> =>
  (
    await query<Record<string, unknown>>(
      'SELECT reason, first_due_at, last_due_at, runs FROM sendense_flow_skips ORDER BY first_due_at',
    )
  ).map((row) => [row['reason'], row['first_due_at'], row['last_due_at'], row['runs']]);
const timetables = async (): Promise<unknown[][]> =>
  (
    await query<Record<string, unknown>>(
      'SELECT state, cron_expression, timezone, from_at FROM sendense_flow_timetables ORDER BY from_at',
    )
  ).map((row) => [row['state'], row['cron_expression'], row['timezone'], row['from_at']]);

// Guards that skipped and missed runs are recorded, and that the record does not fill the disk.
describe('the ledger of skipped and missed runs', () => {
  it('has no row when the due run is claimed in time', async () => {
    await flow();
    expect((await claimAt(at(12))).claimed).toHaveLength(1);
    expect(await skips()).toEqual([]);
  });

  it('has one row for consecutive skips, and another one after a run', async () => {
    const id = await flow();
    const run = await startRun(id);
    for (const minute of [0, 1, 2]) await claimAt(at(12, minute));
    await layer.repositories.executions.finish(run.id, { status: 'success' });
    expect((await claimAt(at(12, 3))).claimed).toHaveLength(1);
    for (const minute of [4, 5]) await claimAt(at(12, minute));
    expect(await skips()).toEqual([
      ['still-running', at(12), at(12, 2), 3],
      ['still-running', at(12, 4), at(12, 5), 2],
    ]);
  });

  it('has a miss for each run that came due before a late claim', async () => {
    await flow();
    expect((await claimAt(at(14))).claimed).toHaveLength(1);
    await claimAt(at(14, 1));
    expect(await skips()).toEqual([
      ['missed', at(12, 1), at(14), 120],
      ['still-running', at(14, 1), at(14, 1), 1],
    ]);
  });

  it('gives the reason for the due run, and calls later runs missed', async () => {
    await startRun(await flow());
    await claimAt(at(13));
    expect(await skips()).toEqual([
      ['still-running', at(12), at(12), 1],
      ['missed', at(12, 1), at(13), 60],
    ]);
  });

  it('has one row when missed runs are skipped on request', async () => {
    await flow();
    await claimAt(at(14), { missed: 'skip' });
    await claimAt(at(16, 1), { missed: 'skip' });
    expect(await skips()).toEqual([['missed', at(12), at(16, 1), 242]]);
  });

  it('follows the timetable at that time, not the present one', async () => {
    await flow('0 * * * *');
    expect((await claimAt(at(12))).claimed).toHaveLength(1);
    await query("UPDATE replication_schedules SET cron_expression = '* * * * *', timezone = 'Europe/Berlin'");
    await claimAt(at(15, 30));
    expect(await skips()).toEqual([
      ['still-running', at(13), at(13), 1],
      ['missed', at(14), at(15), 2],
    ]);
    expect(await timetables()).toEqual([
      ['on', '0 * * * *', 'UTC', new Date(at(12).getTime() - 1_000)],
      ['on', '* * * * *', 'Europe/Berlin', at(15, 30)],
    ]);
  });

  it.each([
    ['schedule-disabled', 'UPDATE replication_schedules SET enabled = 0'],
    ['schedule-invalid', "UPDATE replication_schedules SET cron_expression = 'at noon'"],
  ])('records %s as the reason', async (reason, change) => {
    await flow();
    await query(change);
    await claimAt(at(12));
    expect(await skips()).toEqual([[reason, at(12), at(12), 1]]);
    expect((await timetables()).map(([state]) => state)).toEqual([reason]);
  });

  it('is rolled back together with the claim', async () => {
    await startRun(await flow());
    const given = layer.dataSource.transaction(async (manager) => {
      const { skipped } = await createRepositories(manager).dueFlows.claimDue({
        worker: 'w',
        limit: 5,
        now: at(12),
      });
      expect(skipped).toHaveLength(1);
      throw new Error('given up');
    });
    await expect(given).rejects.toThrow('given up');
    expect(await skips()).toEqual([]);
  });

  it('is not written before its migration, and the claim succeeds', async () => {
    await query('DROP TABLE sendense_flow_skips, sendense_flow_timetables');
    await flow();
    expect((await claimAt(at(14))).claimed).toHaveLength(1);
    expect((await claimAt(at(14, 1))).skipped).toMatchObject([{ reason: 'still-running' }]);
  });
});

// Guards that an audit neither calls runs missed that no timetable wanted, nor overlooks missed runs
describe('the timetables in the ledger', () => {
  const all = "SELECT id FROM protection_flows WHERE name LIKE 'Flow %'";
  const raw = (sql: string) => async (): Promise<void> => {
    await query(sql);
    await layer.repositories.dueFlows.plan({ now: at(9) });
  };
  const ids = async (): Promise<string[]> => (await query<{ id: string }>(all)).map(({ id }) => id);

  it.each<[what: string, state: string, change: () => Promise<unknown>]>([
    ['a flow that another program disables', 'flow-disabled', raw('UPDATE protection_flows SET enabled = 0')],
    ['a schedule that is disabled', 'schedule-disabled', raw('UPDATE replication_schedules SET enabled = 0')],
    ['a schedule that is deleted', 'unscheduled', raw('DELETE FROM replication_schedules')],
    [
      'a schedule that becomes a chain',
      'chained',
      raw("UPDATE replication_schedules SET schedule_type = 'chain'"),
    ],
    ['another cron expression', 'on', raw("UPDATE replication_schedules SET cron_expression = '5 * * * *'")],
    ['flows.disable', 'flow-disabled', async () => layer.repositories.flows.disable((await ids())[0]!)],
    ['flows.disableMany', 'flow-disabled', async () => layer.repositories.flows.disableMany(await ids())],
    [
      'flows.update',
      'unscheduled',
      async () => layer.repositories.flows.update((await ids())[0]!, { schedule_id: null }),
    ],
  ])('record %s', async (_what, state, change) => {
    await flow();
    await layer.repositories.dueFlows.plan({ now: new Date('2020-01-01T00:00:00Z') });
    expect(await timetables()).toEqual([['on', '* * * * *', 'UTC', new Date('2020-01-01T00:00:00Z')]]);
    await change();
    expect((await timetables()).map(([kept]) => kept)).toEqual(['on', state]);
    await layer.repositories.dueFlows.plan({ now: at(10) });
    expect(await timetables()).toHaveLength(2);
  });

  it('record when a flow is enabled again', async () => {
    const id = await flow();
    await query('UPDATE protection_flows SET enabled = 0, next_execution_time = NULL');
    await layer.repositories.dueFlows.plan({ now: new Date('2020-01-01T00:00:00Z') });
    await layer.repositories.flows.enableMany([id]);
    expect((await timetables()).map(([kept]) => kept)).toEqual(['flow-disabled', 'on']);
    await query("UPDATE sendense_flow_timetables SET state = 'flow-disabled'");
    await layer.repositories.flows.enable(id);
    expect((await timetables()).map(([kept]) => kept)).toEqual(['flow-disabled', 'on']);
  });
});

// Guards that the ledger does not outlive its flows
describe('the record in the ledger', () => {
  it('is pruned by age, and then begins at that time', async () => {
    await startRun(await flow());
    await claimAt(at(12));
    await claimAt(at(13));
    await query(
      "UPDATE sendense_flow_skips SET first_due_at = '2020-01-01', last_due_at = '2020-01-02' WHERE reason = 'still-running'",
    );
    await query("UPDATE sendense_flow_timetables SET from_at = '2020-01-01'");
    await layer.repositories.retention.prune({ olderThanMs: 86_400_000, dryRun: true });
    expect(await skips()).toHaveLength(2);
    await layer.repositories.retention.prune({ olderThanMs: 86_400_000 });
    expect(await skips()).toEqual([['missed', at(12, 2), at(13), 59]]);
    expect(
      await layer.count("SELECT COUNT(*) FROM sendense_flow_timetables WHERE from_at > '2020-01-02'"),
    ).toBe(1);
  });

  it.each([
    ['up to the newest run that keepPerFlow deletes', 1, 4],
    ['no further when keepPerFlow deletes no run', 4, 1],
  ])('is pruned %s, so that no deleted run is called missed', async (_how, keepPerFlow, hour) => {
    const id = await flow();
    await layer.repositories.dueFlows.plan({ now: at(1) });
    for (const began of [1, 2, 3, 4, 5]) {
      const run = await startRun(id);
      await layer.repositories.executions.finish(run.id, { status: 'success' });
      await query('UPDATE protection_flow_executions SET created_at = ? WHERE id = ?', at(began), run.id);
    }
    await layer.repositories.retention.prune({ keepPerFlow: 4 });
    await layer.repositories.retention.prune({ keepPerFlow });
    expect((await timetables()).map(([, , , from]) => from)).toEqual([at(hour)]);
  });

  it('begins with a timetable that starts exactly at the prune limit', async () => {
    const id = await flow();
    for (const [now, cron] of [
      [at(1), '0 * * * *'],
      [at(2), '5 * * * *'],
      [at(3), '6 * * * *'],
    ] as const) {
      await query('UPDATE replication_schedules SET cron_expression = ?', cron);
      await layer.repositories.dueFlows.plan({ now });
    }
    await layer.dataSource.transaction((manager) => pruneLedger(new Session(manager), id, at(2)));
    expect((await timetables()).map(([, cron]) => cron)).toEqual(['5 * * * *', '6 * * * *']);
    await layer.dataSource.transaction((manager) => pruneLedger(new Session(manager), id, at(2, 30)));
    expect((await timetables()).map(([, cron, , from]) => [cron, from])).toEqual([
      ['5 * * * *', at(2, 30)],
      ['6 * * * *', at(3)],
    ]);
  });

  it('stays one row for a skip every minute during a year', async () => {
    await startRun(await flow());
    const skipUntil = async (first: number, last: number) => {
      for (let minute = first; minute < last; minute += 1) await claimAt(at(12, minute));
    };
    await skipUntil(0, 100);
    expect(await skips()).toEqual([['still-running', at(12), at(12, 99), 100]]);
    const yearAgo = new Date(at(12).getTime() - 365 * 86_400_000);
    await query('UPDATE sendense_flow_skips SET first_due_at = ?, runs = 525700', yearAgo);
    await skipUntil(100, 110);
    expect(await skips()).toEqual([['still-running', yearAgo, at(12, 109), 525_710]]);
    expect(await timetables()).toHaveLength(1);
  });

  it('prevents a rollback from dropping the ledger, unless rows may be lost', async () => {
    const steps = stepsBackTo('KeepWhatDidNotRun');
    await startRun(await flow());
    await claimAt(at(12));
    await expect(rollback(layer.dataSource, { steps })).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
      details: {
        refusals: ['skip_totals', 'skips'].map((name) => ({ table: `sendense_flow_${name}`, rows: 1 })),
      },
    });
    expect(await skips()).toHaveLength(1);
    await rollback(layer.dataSource, { steps, discardRows: true });
    expect((await claimAt(at(12, 1))).skipped).toHaveLength(1);
  });

  it.each([[['pruned']], [['skips', 'timetables']], [[...flowRecordTables].map((name) => name.slice(14))]])(
    'is recreated by the remedy of verify when it is missing: %j',
    async (names) => {
      for (const name of names) await query(`DROP TABLE sendense_flow_${name}`);
      const { verdict, checks } = await verify(layer.dataSource);
      const check = checks.find(({ id }) => id === 'statistics');
      expect([verdict, check?.status]).toEqual(['unproven', 'skip']);
      for (const name of names) expect(check?.summary).toContain(`there is no table sendense_flow_${name},`);
      for (const sql of check?.remedy?.match(/^CREATE TABLE [^;]*;/gm) ?? []) await query(sql);
      expect((await verify(layer.dataSource)).verdict).toBe('proven');
    },
  );

  it.each([0, 1])('is deleted with its flow, also while %i migrations are pending', async (steps) => {
    if (steps > 0) await rollback(layer.dataSource, { steps });
    const id = await flow();
    await claimAt(at(13));
    await layer.repositories.retention.deleteFlows([id]);
    expect([await skips(), await timetables()]).toEqual([[], []]);
    expect(await layer.count('SELECT COUNT(*) FROM sendense_flow_skip_totals')).toBe(0);
  });

  it('is deleted by the next recount when another program has deleted the flow', async () => {
    await flow();
    await claimAt(at(13));
    await query('DELETE FROM protection_flows');
    await layer.repositories.retention.recount();
    expect([await skips(), await timetables()]).toEqual([[], []]);
  });
});
