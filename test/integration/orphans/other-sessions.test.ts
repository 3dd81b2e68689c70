import type { Connection } from 'mysql2/promise';
import { restoreOrphans } from '../../../src/engine/migrate';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import { sessionOf } from '../../../src/testing';
import { createPolicy } from '../../../src/testing/platform-rows';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { waitFor } from '../../support/wait-for';
import { waitsForRow } from '../../support/waits-for-row';
import { executions, flows, orphanBench } from './orphan-bench';

/** Guards that a change of orphans works beside transactions of other sessions, and leaves its session unchanged. */
describe('a change of orphans, beside other sessions', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const bench = orphanBench(database);

  let other: Connection;
  beforeEach(async () => {
    other = await database.connect();
    await bench.dropKey('fk_flows_policy');
    for (const id of ['f1', 'f2']) await bench.insertFlow(id, { policy_id: 'gone' });
  });

  /** Opens a session that records the numbers of its errors. */
  const watched = async () => {
    const connection = await database.connect();
    const own = sessionOf(connection);
    const errors: number[] = [];
    const query: Queryable['query'] = (sql, parameters) =>
      own.query(sql, parameters).catch((error: { errno: number }) => {
        errors.push(error.errno);
        throw error;
      });
    const waits = (): Promise<boolean> => waitsForRow(database.session, connection.threadId);
    return { session: { query }, errors, waits };
  };

  it.each(['null', 'quarantine'] as const)('is retried after a deadlock: %s', async (choice) => {
    const { session, errors, waits } = await watched();
    await other.query('START TRANSACTION');
    // The heavier transaction wins
    await other.query(
      `INSERT INTO replication_schedules (id, name, cron_expression)
        WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 300)
        SELECT UUID(), UUID(), '* * * * *' FROM n`,
    );
    await other.query(`SELECT id FROM ${flows} WHERE id = 'f2' FOR UPDATE`);
    const settling = bench.settle('fk_flows_policy', choice, { session });
    await waitFor(waits);
    await other.query(`UPDATE ${flows} SET description = 'x' WHERE id = 'f1'`);
    await waitFor(() => errors.length > 0);
    await other.query('COMMIT');
    expect(await settling).toEqual({ rows: 2, cascaded: {} });
    expect(errors).toContain(1213);
    if (choice === 'quarantine') expect(await bench.ids(flows)).toEqual([]);
    else expect(await bench.rows(flows, 'DISTINCT policy_id')).toEqual([{ policy_id: null }]);
  });

  it('ends in TABLE_BUSY with the rows unchanged when a lock stays', async () => {
    await other.query('START TRANSACTION');
    await other.query(`SELECT id FROM ${flows} WHERE id = 'f2' FOR UPDATE`);
    await expect(bench.settle('fk_flows_policy', 'quarantine', { tableWaitMs: 0 })).rejects.toMatchObject({
      code: 'TABLE_BUSY',
    });
    await expect(bench.settle('fk_flows_policy', 'null', { tableWaitMs: 0 })).rejects.toMatchObject({
      code: 'TABLE_BUSY',
    });
    await other.query('COMMIT');
    expect(await bench.ids(flows)).toEqual(['f1', 'f2']);
    expect(await bench.quarantined()).toEqual([]);
  });

  it('leaves the rows whose parent is inserted meanwhile', async () => {
    await createPolicy(database.session, { id: 'other' });
    await other.query('START TRANSACTION');
    const policy = { id: 'gone', name: 'back', primary_repository_id: null as unknown, retention_days: 1 };
    const [row] = await select(database.session, 'SELECT primary_repository_id AS id FROM backup_policies');
    policy.primary_repository_id = row?.id;
    await other.query('INSERT INTO backup_policies SET ?', [policy]);
    const { session, waits } = await watched();
    const settling = bench.settle('fk_flows_policy', 'quarantine', { session });
    await waitFor(waits);
    await other.query('COMMIT');
    expect(await settling).toEqual({ rows: 0, cascaded: {} });
    expect(await bench.ids(flows)).toEqual(['f1', 'f2']);
  });

  it('gives the session its own settings back, after a success and after a failure', async () => {
    const settings = 'SELECT @@innodb_lock_wait_timeout AS wait, @@time_zone AS zone, @@sql_mode AS mode';
    const session = sessionOf(other);
    await session.query("SET innodb_lock_wait_timeout = 17, time_zone = '+05:30', sql_mode = 'ANSI_QUOTES'");
    const before = await select(session, settings);
    await bench.settle('fk_flows_policy', 'null', { session, batchRows: 1 });
    expect(await select(session, settings)).toEqual(before);
    await database.session.query(`UPDATE ${flows} SET policy_id = 'gone'`);
    const goOn = (): never => {
      throw new Error('stop');
    };
    await expect(bench.settle('fk_flows_policy', 'null', { session, goOn })).rejects.toThrow('stop');
    expect(await select(session, settings)).toEqual(before);
  });

  it('restores timestamps from a session with any time zone', async () => {
    await bench.insertExecution('e', 'f1', { started_at: new Date('2024-07-01T12:00:00Z') });
    const before = await bench.checksums(flows, executions);
    const session = sessionOf(other);
    await session.query("SET time_zone = '+05:30'");
    await bench.settle('fk_flows_policy', 'quarantine', { session });
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true });
    expect(await bench.checksums(flows, executions)).toEqual(before);
  });
});
