import { adopt } from '../../../src/engine/adopt';
import { migrate, rollback } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { stepsBackTo } from '../../support/migrations';

const database = useDatabase({ per: 'each' });
const dataSource = useDataSource(database, { per: 'each' });
const query = (sql: string, ...values: unknown[]) => database.session.query(sql, values);

/** Inserts a flow with these counters, and a run with each of these statuses. */
async function flow(
  id: string,
  counters: readonly [number, number, number],
  ...runs: string[]
): Promise<void> {
  await query(
    `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type,
       total_executions, successful_executions, failed_executions) VALUES (?, ?, 'replication', 'vm', 'vm-1', 'ossea', ?, ?, ?)`,
    ...[id, id, ...counters],
  );
  for (const status of runs)
    await query(
      `INSERT INTO protection_flow_executions (flow_id, status, execution_type, started_at, completed_at)
       VALUES (?, ?, 'api', ?, ?)`,
      ...[id, status, status === 'pending' ? null : '2026-01-01', status === 'running' ? null : '2026-01-01'],
    );
}

/** The pruned runs that the table records for each flow, and the flow's total. */
const kept = async () => {
  const rows = await select<Record<string, number> & { id: string }>(
    database.session,
    `SELECT f.id, p.total_executions AS kept, p.successful_executions AS successful, p.failed_executions AS failed,
            f.total_executions AS total
       FROM protection_flows f JOIN sendense_flow_pruned p ON p.flow_id = f.id WHERE p.taken_at IS NOT NULL ORDER BY f.id`,
  );
  return Object.fromEntries(
    rows.map(({ id, kept, successful, failed, total }) => [id, [kept, successful, failed, total]]),
  );
};

/** Rolls back to a release that had no such table. */
const before = (): Promise<unknown> => rollback(dataSource(), { steps: stepsBackTo('KeepWhatPruneRemoved') });
const statistics = async () =>
  (await verify(dataSource())).checks.find(({ id }) => id === 'statistics')?.status;

// Guards that the first recount neither forgets pruned runs nor counts runs that nobody removed
describe('KeepWhatPruneRemoved', () => {
  it('records the surplus of a counter over its rows as pruned, and recounts', async () => {
    await before();
    await flow('exact', [3, 1, 1], 'success', 'error', 'cancelled');
    await flow('pruned', [9, 5, 2], 'success', 'error', 'warning', 'running');
    await flow('running, counted at its end', [1, 1, 0], 'success', 'running');
    await flow('running, counted at its beginning', [2, 1, 0], 'success', 'running');
    await flow('too few', [0, 0, 0], 'success', 'pending');
    await migrate(dataSource());
    expect(await kept()).toEqual({
      exact: [0, 0, 0, 3],
      pruned: [6, 4, 1, 10],
      'running, counted at its end': [0, 0, 0, 2],
      'running, counted at its beginning': [0, 0, 0, 2],
      'too few': [0, 0, 0, 1],
    });
    expect(await statistics()).toBe('pass');
  });

  it('after a death, records no flow twice and completes a flow that a prune recorded meanwhile', async () => {
    await before();
    for (const id of ['a', 'b']) await flow(id, [5, 5, 0], 'success', 'running');
    await migrate(dataSource());
    await query('DELETE FROM sendense_flow_migrations WHERE timestamp >= 1795305605000');
    // As if the migration had died before flow b, of which a prune then recorded one run
    await query("UPDATE sendense_flow_pruned SET taken_at = NULL, total_executions = 1 WHERE flow_id = 'b'");
    await query("UPDATE protection_flows SET total_executions = 5 WHERE id = 'b'");
    await migrate(dataSource());
    expect(await kept()).toEqual({ a: [4, 4, 0, 6], b: [4, 4, 0, 6] });
    expect(await statistics()).toBe('pass');
  });

  it('records nothing as pruned for adopted tables, on which no release has run', async () => {
    await before();
    await flow('other', [9, 5, 2], 'success', 'running');
    await query('DROP TABLE sendense_flow_migrations');
    expect(await adopt(dataSource(), { repair: true })).toMatchObject({ ok: true });
    expect(await kept()).toEqual({ other: [0, 0, 0, 2] });
    expect(await statistics()).toBe('pass');
  });

  it('is not rolled back without a request when it has recorded pruned runs', async () => {
    await before();
    await flow('pruned', [9, 5, 2], 'success');
    await migrate(dataSource());
    await expect(
      rollback(dataSource(), { steps: stepsBackTo('KeepWhatPruneRemoved') }),
    ).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
      details: { table: 'sendense_flow_pruned', rows: 1 },
    });
  });
});
