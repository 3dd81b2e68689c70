import { migrate, readStatus, rollback } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { catalogDump } from '../../support/catalog-dump';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { migrationCount, stepsBackTo } from '../../support/migrations';

/** Guards that no rollback discards rows or breaks tables of others without a request. */
describe('a rollback', () => {
  const database = useDatabase({ per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });

  beforeEach(async () => {
    await database.session.query(
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type)
       VALUES ('f1', 'one', 'replication', 'vm', 'vm-1', 'ossea')`,
    );
    await database.session.query(
      `INSERT INTO protection_flow_executions (flow_id, execution_type) VALUES ('f1', 'manual'), ('f1', 'api')`,
    );
  });

  const rowCount = async () => {
    const [row] = await select<{ n: number }>(
      database.session,
      'SELECT COUNT(*) AS n FROM protection_flow_executions',
    );
    return row?.n;
  };

  it('refuses before its first statement when rows would be lost, and names tables and counts', async () => {
    const before = await catalogDump(database.session, /^$/);
    await expect(rollback(dataSource(), { steps: 'all', discardRows: false })).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
      message: expect.stringMatching(
        /protection_flow_executions would lose 2 rows.*protection_flows would lose 1 row/,
      ),
      remedy: expect.stringContaining('--discard-rows'),
    });
    expect(await catalogDump(database.session, /^$/)).toEqual(before);
    expect((await readStatus(dataSource())).ok).toBe(true);
    expect(await rowCount()).toBe(2);
  });

  it('undoes a migration without asking when no row is lost', async () => {
    await rollback(dataSource(), { steps: migrationCount - 1 });
    expect(await rowCount()).toBe(2);
    await expect(rollback(dataSource(), { steps: 1 })).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
    });
  });

  it('discards the rows on request, and returns their number', async () => {
    const result = await rollback(dataSource(), { steps: 'all', discardRows: true });
    expect(result.discarded).toEqual({ protection_flow_executions: 2, protection_flows: 1 });
    expect(await select(database.session, "SHOW TABLES LIKE 'protection_flow%'")).toEqual([]);
  });

  it('refuses to remove the status cancelled while a flow has it', async () => {
    await database.session.query("UPDATE protection_flows SET last_execution_status = 'cancelled'");
    await expect(
      rollback(dataSource(), { steps: stepsBackTo('AllowCancelledAsLastStatus') }),
    ).rejects.toMatchObject({
      code: 'ENUM_VALUE_IN_USE',
      details: { rows: 1 },
    });
    await database.session.query("UPDATE protection_flows SET last_execution_status = 'error'");
    expect(
      (await rollback(dataSource(), { steps: stepsBackTo('AllowCancelledAsLastStatus') })).undone,
    ).toHaveLength(stepsBackTo('AllowCancelledAsLastStatus'));
    await migrate(dataSource());
  });

  it('discards cancelled flows with the other rows when rows may be lost', async () => {
    await database.session.query("UPDATE protection_flows SET last_execution_status = 'cancelled'");
    await expect(rollback(dataSource(), { steps: 'all', discardRows: true })).resolves.toMatchObject({
      ok: true,
    });
  });

  it('refuses while a foreign key of another program refers to a flow', async () => {
    await database.session.query(
      `CREATE TABLE notes (flow varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
        CONSTRAINT fk_notes_flow FOREIGN KEY (flow) REFERENCES protection_flows (id)) ENGINE=InnoDB`,
    );
    await expect(rollback(dataSource(), { steps: 'all', discardRows: true })).rejects.toMatchObject({
      code: 'ROLLBACK_BLOCKED_BY_KEYS',
      message: expect.stringContaining('fk_notes_flow'),
    });
    expect(await rowCount()).toBe(2);
    await database.session.query('DROP TABLE notes');
  });
});
