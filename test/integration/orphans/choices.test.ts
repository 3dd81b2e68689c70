import { migrate, restoreOrphans } from '../../../src/engine/migrate';
import { readCatalog } from '../../../src/engine/schema/catalog/read-catalog';
import { orphanChoicesFor } from '../../../src/engine/orphans/settle-orphans';
import { select } from '../../../src/engine/server/queryable';
import { createRepository } from '../../../src/testing/platform-rows';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { declaredKey, executions, flows, orphanBench } from './orphan-bench';

/** Guards the effect of each choice on the orphans of each key, and that an impossible choice changes nothing. */
describe('the orphans of', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const bench = orphanBench(database);
  const old = new Date('2024-05-06T07:08:09Z');

  /** Makes seven orphans of the key, and one row with a parent; every orphaned flow has two executions. */
  async function makeOrphans(name: string): Promise<void> {
    await bench.dropKey(name);
    const { id: repository } = await createRepository(database.session);
    const backup = { flow_type: 'backup', repository_id: repository };
    await bench.insertFlow('fine', backup);
    for (let n = 1; n <= 7; n += 1) {
      const { table, key } = declaredKey(name);
      const orphaned = { [key.columns[0]]: `gone-${n % 3}` };
      if (table === executions) await bench.insertExecution(`e${n}`, 'fine', orphaned);
      else {
        await bench.insertFlow(`f${n}`, { ...backup, updated_at: old, ...orphaned });
        await bench.insertExecution(`e${n}a`, `f${n}`);
        await bench.insertExecution(`e${n}b`, `f${n}`);
      }
    }
    await bench.insertExecution('other', 'fine');
  }

  const possible = async (name: string): Promise<string[]> => {
    const { table, key } = declaredKey(name);
    const live = await readCatalog(database.session, sharedServer(), [table]);
    return orphanChoicesFor(live.get(table)!, key).flatMap(({ choice, isPossible, why }) => {
      expect(isPossible).toBe(why === null);
      return isPossible ? [choice] : [];
    });
  };

  it.each(['fk_flows_schedule', 'fk_flows_policy', 'fk_executions_schedule'])(
    '%s are set to NULL, and nothing else changes',
    async (name) => {
      await makeOrphans(name);
      const { table, key } = declaredKey(name);
      const column = key.columns[0];
      const before = await bench.rows(table);
      const progress: string[] = [];
      const settled = await bench.settle(name, 'null', {
        batchRows: 3,
        onProgress: (text) => progress.push(text),
      });
      expect(settled).toEqual({ rows: 7, cascaded: {} });
      expect(progress.map((text) => /\d+ of \d+/.exec(text)?.[0])).toEqual(['3 of 7', '6 of 7', '7 of 7']);
      expect(await bench.rows(table)).toEqual(before.map((row) => ({ ...row, [column]: null })));
      expect(await possible(name)).toEqual(['null', 'quarantine']);
      expect((await migrate(dataSource())).ok).toBe(true);
      expect(await select(database.session, "SHOW TABLES LIKE '%orphans%'")).toEqual([]);
    },
  );

  it.each(['fk_flows_schedule', 'fk_flows_policy', 'fk_flows_repository'])(
    '%s are quarantined with their executions, and can be restored once the parents exist',
    async (name) => {
      await makeOrphans(name);
      const before = await bench.checksums(flows, executions);
      const settled = await bench.settle(name, 'quarantine', { batchRows: 3 });
      expect(settled).toEqual({ rows: 7, cascaded: { [executions]: 14 } });
      expect(await bench.ids(flows)).toEqual(['fine']);
      expect(await bench.ids(executions)).toEqual(['other']);
      const kept = await bench.quarantined();
      expect(kept.at(-1)).toEqual({ table: flows, id: 'f7', reason: 'orphan', key: name });
      expect(kept.slice(0, 3)).toEqual([
        { table: executions, id: 'e1a', reason: 'cascade', key: name },
        { table: executions, id: 'e1b', reason: 'cascade', key: name },
        { table: executions, id: 'e2a', reason: 'cascade', key: name },
      ]);
      expect((await migrate(dataSource())).ok).toBe(true);
      await database.session.query(`ALTER TABLE ${flows} DROP FOREIGN KEY ${name}`);
      const { parentTable } = declaredKey(name).key;
      for (const id of ['gone-0', 'gone-1', 'gone-2']) {
        const { id: repository } = await createRepository(
          database.session,
          parentTable === 'backup_repositories' ? { id } : {},
        );
        if (parentTable === 'backup_policies')
          await bench.insert(parentTable, {
            id,
            name: id,
            primary_repository_id: repository,
            retention_days: 1,
          });
        if (parentTable === 'replication_schedules')
          await bench.insert(parentTable, { id, name: id, cron_expression: '* * * * *' });
      }
      expect(await restoreOrphans(dataSource())).toMatchObject({
        ok: true,
        restored: { [flows]: 7, [executions]: 14 },
        left: [],
      });
      expect(await bench.checksums(flows, executions)).toEqual(before);
      expect(await bench.quarantined()).toEqual([]);
      expect((await migrate(dataSource())).ok).toBe(true);
    },
  );

  it.each(['fk_executions_schedule', 'fk_executions_flow'])('%s are quarantined', async (name) => {
    await makeOrphans(name);
    expect(await bench.settle(name, 'quarantine', { batchRows: 3 })).toEqual({ rows: 7, cascaded: {} });
    expect(await bench.ids(executions)).toEqual(['other']);
    expect((await bench.quarantined()).map(({ reason }) => reason)).toEqual(Array(7).fill('orphan'));
    expect((await migrate(dataSource())).ok).toBe(true);
  });

  it.each([
    ['fk_flows_repository', 'chk_flows_type'],
    ['fk_executions_flow', 'must not be NULL'],
  ])('%s cannot be set to NULL, because of %s', async (name, why) => {
    await makeOrphans(name);
    const before = await bench.checksums(flows, executions);
    await expect(bench.settle(name, 'null')).rejects.toMatchObject({
      code: 'FK_ORPHAN_ROWS',
      message: expect.stringContaining(why),
      remedy: expect.stringContaining('quarantine'),
    });
    expect(await possible(name)).toEqual(['quarantine']);
    expect(await bench.checksums(flows, executions)).toEqual(before);
  });

  it('a key are settled at once when none exist, and no table is made for them', async () => {
    await bench.dropKey('fk_flows_policy');
    await bench.insertFlow('one');
    expect(await bench.settle('fk_flows_policy', 'quarantine')).toEqual({ rows: 0, cascaded: {} });
    expect(await select(database.session, "SHOW TABLES LIKE '%orphans%'")).toEqual([]);
  });

  it('a table without a primary key are left alone, because its rows cannot be distinguished', async () => {
    await makeOrphans('fk_executions_schedule');
    await database.session.query(`ALTER TABLE ${executions} DROP PRIMARY KEY`);
    await expect(bench.settle('fk_executions_schedule', 'quarantine')).rejects.toMatchObject({
      code: 'FK_ORPHAN_ROWS',
      message: expect.stringContaining('no primary key'),
    });
    expect(await possible('fk_executions_schedule')).toEqual([]);
  });

  it.each(['null', 'quarantine'] as const)(
    "a column with another collation than its parent's are also found, with the choice %s",
    async (choice) => {
      await makeOrphans('fk_flows_schedule');
      await database.session.query(
        `ALTER TABLE ${flows} MODIFY schedule_id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL`,
      );
      expect(await bench.settle('fk_flows_schedule', choice)).toMatchObject({ rows: 7 });
      expect(await bench.rows(flows, 'COUNT(schedule_id) AS n')).toEqual([{ n: 0 }]);
    },
  );

  it('a parent with a case-sensitive collation are found as the key finds them', async () => {
    await bench.dropKey('fk_flows_policy');
    await database.session.query('DROP TABLE backup_jobs');
    await database.session.query(
      'ALTER TABLE backup_policies MODIFY id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
    );
    const { id } = await createRepository(database.session);
    await bench.insert('backup_policies', {
      id: 'P',
      name: 'P',
      primary_repository_id: id,
      retention_days: 1,
    });
    await bench.insertFlow('lower', { policy_id: 'p' });
    await bench.insertFlow('upper', { policy_id: 'P' });
    expect(await bench.settle('fk_flows_policy', 'null')).toMatchObject({ rows: 1 });
    expect(await bench.rows(flows, 'id, policy_id')).toEqual([
      { id: 'lower', policy_id: null },
      { id: 'upper', policy_id: 'P' },
    ]);
  });
});
