import { createRepositories, type ClaimOptions, type FlowChanges } from '../../../src/repositories';
import { createSchedule } from '../../../src/testing';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'each' });
const query = <Row>(sql: string, ...values: unknown[]) =>
  layer.database.session.query(sql, values) as Promise<Row[]>;

/** That minute of an hour of 5 May 2030, in UTC. */
const at = (hour: number, minute = 0): Date => new Date(Date.UTC(2030, 4, 5, hour, minute));
const claimAt = (now: Date, options: Partial<ClaimOptions> = {}) =>
  layer.repositories.dueFlows.claimDue({ worker: 'worker-1', limit: 100, ...options, now });

/** A flow that is due each minute, or as said, from 12:00 on. */
async function flow(cron = '* * * * *', changes: FlowChanges = {}): Promise<string> {
  const { id: schedule_id } = await createSchedule(layer.database.session, { cron_expression: cron });
  const { id } = await layer.repositories.flows.create(layer.newFlow({ ...changes, schedule_id }));
  await query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', at(12), id);
  return id;
}
const startRun = (flow_id: string) =>
  layer.repositories.executions.start({ flow_id, execution_type: 'manual' });

/** What the ledger holds: reason, first, last, how many. */
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

// Without these, what did not run leaves no trace, or fills the disk.
describe('what a claim leaves out', () => {
  it('is nothing where the run that is due is claimed in time', async () => {
    await flow();
    expect((await claimAt(at(12))).claimed).toHaveLength(1);
    expect(await skips()).toEqual([]);
  });

  it('is one row for skips that follow each other, and another one after a run', async () => {
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

  it('is a miss for each run that came due before a claim that comes late', async () => {
    await flow();
    expect((await claimAt(at(14))).claimed).toHaveLength(1);
    await claimAt(at(14, 1));
    expect(await skips()).toEqual([
      ['missed', at(12, 1), at(14), 120],
      ['still-running', at(14, 1), at(14, 1), 1],
    ]);
  });

  it('says why of the run that was due, and calls those after it missed', async () => {
    await startRun(await flow());
    await claimAt(at(13));
    expect(await skips()).toEqual([
      ['still-running', at(12), at(12), 1],
      ['missed', at(12, 1), at(13), 60],
    ]);
  });

  it('is one span where missed runs are left out by choice', async () => {
    await flow();
    await claimAt(at(14), { missed: 'skip' });
    await claimAt(at(16, 1), { missed: 'skip' });
    expect(await skips()).toEqual([['missed', at(12), at(16, 1), 242]]);
  });

  it('is judged by the time table that was in force, not by the one that is there now', async () => {
    await flow('0 * * * *');
    expect((await claimAt(at(12))).claimed).toHaveLength(1);
    await query("UPDATE replication_schedules SET cron_expression = '* * * * *', timezone = 'Europe/Berlin'");
    await claimAt(at(15, 30));
    expect(await skips()).toEqual([
      ['still-running', at(13), at(13), 1],
      ['missed', at(14), at(15), 2],
    ]);
    expect(await timetables()).toEqual([
      ['on', '0 * * * *', 'UTC', at(12)],
      ['on', '* * * * *', 'Europe/Berlin', at(15, 30)],
    ]);
  });

  it.each([
    ['schedule-disabled', 'UPDATE replication_schedules SET enabled = 0'],
    ['schedule-invalid', "UPDATE replication_schedules SET cron_expression = 'at noon'"],
  ])('says %s', async (reason, change) => {
    await flow();
    await query(change);
    await claimAt(at(12));
    expect(await skips()).toEqual([[reason, at(12), at(12), 1]]);
    expect((await timetables()).map(([state]) => state)).toEqual([reason]);
  });

  it('goes with the claim: in a transaction that is rolled back nothing is kept', async () => {
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

  it('is not kept before the migration that makes the ledger, and the claim goes on', async () => {
    await query('DROP TABLE sendense_flow_skips, sendense_flow_timetables');
    await flow();
    expect((await claimAt(at(14))).claimed).toHaveLength(1);
    expect((await claimAt(at(14, 1))).skipped).toMatchObject([{ reason: 'still-running' }]);
  });
});

// Without these, the ledger outlives what it speaks of
describe('what the ledger holds', () => {
  it('is pruned by its age, and the record of the flow begins there', async () => {
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

  it('goes with its flow', async () => {
    const id = await flow();
    await claimAt(at(13));
    await layer.repositories.retention.deleteFlows([id]);
    expect([await skips(), await timetables()]).toEqual([[], []]);
  });

  it('goes with the next recount where another program has deleted the flow', async () => {
    await flow();
    await claimAt(at(13));
    await query('DELETE FROM protection_flows');
    await layer.repositories.retention.recount();
    expect([await skips(), await timetables()]).toEqual([[], []]);
  });
});
