import { migrate, planRollback, rollback } from '../../../src/engine/migrate';
import { migrationList } from '../../../src/migrations';
import { aroundStatements } from '../../support/around-statements';
import { catalogDump } from '../../support/catalog-dump';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';

/** Guards that the plan of a rollback equals its execution, and that planning changes nothing. */
describe('the plan of a rollback', () => {
  const database = useDatabase({ per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const insert = () =>
    database.session.query(
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type, last_execution_status)
       VALUES ('f1', 'one', 'replication', 'vm', 'vm-1', 'ossea', 'cancelled')`,
    );

  const counts = migrationList.map((_migration, index) => index + 1);
  it.each(counts)(
    'of %i migrations lists the statements that the rollback executes, one by one',
    async (steps) => {
      const before = await catalogDump(database.session, /^$/);
      const plan = await planRollback(dataSource(), { steps });
      expect(await catalogDump(database.session, /^$/)).toEqual(before);
      expect(plan).toMatchObject({ ok: true, lost: {}, refusals: [] });

      const executed: string[] = [];
      // Recorded after it succeeded, because a statement that a busy server refused is executed again
      aroundStatements(dataSource(), async (sql, execute) => {
        const answer = await execute();
        if (/^\s*(ALTER|DROP) TABLE/.test(sql)) executed.push(sql);
        return answer;
      });
      const { undone } = await rollback(dataSource(), { steps });
      expect(undone).toEqual(plan.undoing);
      expect(executed).toEqual(plan.statements.map(({ sql }) => sql));
      expect(executed.length).toBeGreaterThan(0);
    },
  );

  it('names the rows that would be lost, and refuses like the rollback unless they may be lost', async () => {
    await insert();
    expect(await planRollback(dataSource(), { steps: 'all' })).toMatchObject({
      ok: false,
      lost: { protection_flows: 1 },
      refusals: [{ code: 'ROLLBACK_WOULD_LOSE_ROWS', remedy: expect.stringContaining('--discard-rows') }],
    });
    expect(await planRollback(dataSource(), { steps: 'all', discardRows: true })).toMatchObject({
      ok: true,
      lost: { protection_flows: 1 },
      refusals: [],
    });
    const refused = await planRollback(dataSource(), { steps: 'all' });
    await expect(rollback(dataSource(), { steps: 'all' })).rejects.toMatchObject({
      code: refused.refusals[0]?.code,
    });
  });

  it('refuses migrations that this version does not know, and is empty for an empty history', async () => {
    await rollback(dataSource(), { steps: 'all' });
    expect(await planRollback(dataSource(), { steps: 'all' })).toMatchObject({
      ok: true,
      undoing: [],
      statements: [],
    });
    await migrate(dataSource());
    await database.session.query(
      "INSERT INTO sendense_flow_migrations (timestamp, name) VALUES (1999999999999, 'FromTheFuture1999999999999')",
    );
    expect(await planRollback(dataSource())).toMatchObject({
      ok: false,
      refusals: [{ code: 'HISTORY_UNKNOWN' }],
    });
  });
});
