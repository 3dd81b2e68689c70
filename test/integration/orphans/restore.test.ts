import { restoreOrphans } from '../../../src/engine/migrate';
import { createPolicy, createRepository } from '../../../src/testing/platform-rows';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { blocksIn } from '../../unit/docs/code-blocks';
import { executions, flows, orphanBench, ownerOfMore } from './orphan-bench';

/** Guards that a row which cannot be restored stays in quarantine with the reason, and blocks no other row. */
describe('a restore', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const bench = orphanBench(database);
  const query = (sql: string): Promise<unknown> => database.session.query(sql);

  const quarantineFlows = async (...ids: string[]): Promise<void> => {
    await bench.dropKey('fk_flows_policy');
    for (const id of ids) {
      await bench.insertFlow(id, { policy_id: `of ${id}` });
      await bench.insertExecution(`${id}-1`, id);
    }
    await bench.settle('fk_flows_policy', 'quarantine');
  };
  const left = (table: string, reason: string, ...sample: string[]) =>
    expect.objectContaining({ table, reason, key: 'fk_flows_policy', rows: sample.length, sample });

  it('has nothing to do when no row was ever quarantined, or all are restored', async () => {
    const nothing = { ok: true, restored: {}, left: [] };
    expect(await restoreOrphans(dataSource())).toMatchObject(nothing);
    await quarantineFlows('f');
    for (const table of [flows, executions]) await query(`DELETE FROM sendense_flow_orphans_${table}`);
    expect(await restoreOrphans(dataSource())).toMatchObject({
      ...nothing,
      server: dataSource().server,
      database: database.name,
    });
  });

  it('can be prepared, and replaced, by the SQL in docs/orphans.md', async () => {
    await quarantineFlows('FLOW ID');
    await createPolicy(database.session, { id: 'POLICY ID' });
    const statements = blocksIn('sql')
      .filter(({ place }) => place.startsWith('docs/orphans.md'))
      .flatMap(({ code }) => code.split(';'))
      .filter((statement) => statement.trim() !== '');
    const answers: unknown[] = [];
    for (const statement of statements) answers.push(await query(statement));
    expect(answers).toEqual([
      [expect.objectContaining({ id: 'FLOW ID', policy_id: 'of FLOW ID' })],
      [expect.objectContaining({ id: 'FLOW ID-1' })],
      expect.objectContaining({ affectedRows: 1 }),
      expect.anything(),
    ]);
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true, restored: {}, left: [] });
  });

  it('leaves rows without a parent, and their dependents, whether the key exists or not', async () => {
    await quarantineFlows('f1', 'f2', 'f3');
    await createPolicy(database.session, { id: 'of f2' });
    const expected = {
      ok: false,
      restored: { [flows]: 1, [executions]: 1 },
      left: [left(flows, 'parent-missing', 'f3', 'f1'), left(executions, 'parent-missing', 'f3-1', 'f1-1')],
    };
    const first = await restoreOrphans(dataSource(), { batchRows: 2 });
    expect(first).toMatchObject({ ...expected, left: expect.arrayContaining(expected.left) });
    expect(first.left).toHaveLength(2);
    await query(
      `ALTER TABLE ${flows} ADD CONSTRAINT fk_flows_policy FOREIGN KEY (policy_id) REFERENCES backup_policies (id) ON DELETE SET NULL`,
    );
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: false, restored: {} });
    await createPolicy(database.session, { id: 'of f1' });
    await createPolicy(database.session, { id: 'of f3' });
    expect(await restoreOrphans(dataSource())).toMatchObject({
      ok: true,
      restored: { [flows]: 2, [executions]: 2 },
    });
    expect(await bench.ids(executions)).toEqual(['f1-1', 'f2-1', 'f3-1']);
  });

  it('leaves rows whose id or flow name is taken, in any case', async () => {
    await quarantineFlows('f1', 'f2', 'f3');
    for (const id of ['f1', 'f2', 'f3']) await createPolicy(database.session, { id: `of ${id}` });
    await bench.insertFlow('f1', { name: 'the new one' });
    await bench.insertFlow('other', { name: 'FLOW f2' });
    const result = await restoreOrphans(dataSource());
    expect(result).toMatchObject({
      ok: false,
      // The execution goes to the flow that now has the id of its flow
      restored: { [flows]: 1, [executions]: 2 },
      left: expect.arrayContaining([
        left(flows, 'taken', 'f2', 'f1'),
        left(executions, 'parent-missing', 'f2-1'),
      ]),
    });
    expect(await bench.rows(flows, 'id, name')).toEqual([
      { id: 'f1', name: 'the new one' },
      { id: 'f3', name: 'flow f3' },
      { id: 'other', name: 'FLOW f2' },
    ]);
    expect(await bench.quarantinedIds()).toEqual(['f2-1', 'f1', 'f2']);
    await query("UPDATE protection_flows SET name = 'renamed' WHERE id = 'other'");
    await query("DELETE FROM protection_flows WHERE id = 'f1'");
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true, left: [] });
  });

  it('restores a row whose parent was quarantined before it', async () => {
    await bench.dropKey('fk_executions_flow');
    await quarantineFlows('f');
    await bench.insertExecution('late', 'f');
    await bench.settle('fk_executions_flow', 'quarantine');
    expect(await bench.quarantinedIds()).toEqual(['f-1', 'late', 'f']);
    await createPolicy(database.session, { id: 'of f' });
    expect(await restoreOrphans(dataSource(), { batchRows: 1 })).toMatchObject({
      ok: true,
      restored: { [flows]: 1, [executions]: 2 },
    });
  });

  it('of one key leaves the rows of other keys alone, and succeeds', async () => {
    await bench.dropKey('fk_flows_repository');
    await bench.insertFlow('b', { flow_type: 'backup', repository_id: 'lost' });
    await bench.settle('fk_flows_repository', 'quarantine');
    await quarantineFlows('f');
    await createRepository(database.session, { id: 'lost' });
    const key = 'fk_flows_repository';
    expect(await restoreOrphans(dataSource(), { key })).toMatchObject({ ok: true, restored: { [flows]: 1 } });
    expect(await bench.quarantinedIds()).toEqual(['f-1', 'f']);
    await expect(restoreOrphans(dataSource(), { key: 'fk_none' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(await restoreOrphans(dataSource(), { key: 'fk_flows_repository' })).toMatchObject({
      ok: true,
      restored: {},
    });
  });

  it('leaves rows whose table is gone or has changed, and reports the error of the server', async () => {
    await query(
      `CREATE TABLE gone (id int PRIMARY KEY, flow varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, FOREIGN KEY (flow) REFERENCES ${flows} (id) ON DELETE CASCADE) ENGINE=InnoDB`,
    );
    await query('CREATE TABLE changed LIKE gone');
    await query(
      `ALTER TABLE changed ADD a int, ADD b varchar(9), ADD FOREIGN KEY (flow) REFERENCES ${flows} (id) ON DELETE CASCADE`,
    );
    const owner = ownerOfMore(
      { table: 'gone', column: 'flow', parent: flows },
      { table: 'changed', column: 'flow', parent: flows },
    );
    await bench.dropKey('fk_flows_policy');
    await bench.insertFlow('f', { policy_id: 'p' });
    await query("INSERT INTO gone VALUES (1, 'f')");
    await query(
      "INSERT INTO changed VALUES (1, 'f', 1, 'long text'), (2, 'f', NULL, 'short'), (3, 'f', NULL, 'long text')",
    );
    await bench.settle('fk_flows_policy', 'quarantine', { owner });
    await query('DROP TABLE gone');
    await query('ALTER TABLE changed DROP COLUMN a, MODIFY b varchar(5), ADD c int NOT NULL DEFAULT 7');
    await createPolicy(database.session, { id: 'p' });
    expect(await bench.restore(owner)).toMatchObject({
      restored: { [flows]: 1, changed: 1 },
      left: expect.arrayContaining([
        left('gone', 'table-missing', '1'),
        left('changed', 'columns-changed', '1'),
        expect.objectContaining({ reason: 'refused', sample: ['3'], answer: expect.stringContaining("'b'") }),
      ]),
    });
    expect(await bench.rows('changed', 'id, b, c')).toEqual([{ id: 2, b: 'short', c: 7 }]);
  });

  it('finds the rows of every earlier shape of a table, and of a table with a long name', async () => {
    const long = `t${'o'.repeat(63)}`;
    await query(
      `CREATE TABLE ${long} (id int PRIMARY KEY, kind enum('a') NOT NULL, flow varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
         CONSTRAINT fk_long FOREIGN KEY (flow) REFERENCES ${flows} (id) ON DELETE CASCADE) ENGINE=InnoDB`,
    );
    const owner = ownerOfMore({ table: long, column: 'flow', parent: flows });
    await bench.dropKey('fk_flows_policy');
    const quarantineOne = async (id: number, kind: string): Promise<void> => {
      await bench.insertFlow(`f${id}`, { policy_id: 'p' });
      await bench.insert(long, { id, kind, flow: `f${id}` });
      await bench.settle('fk_flows_policy', 'quarantine', { owner });
    };
    await quarantineOne(1, 'a');
    await quarantineOne(2, 'a');
    await query(
      `ALTER TABLE ${long} MODIFY kind enum('a','b') NOT NULL, ADD note varchar(9) NOT NULL DEFAULT 'new'`,
    );
    await quarantineOne(3, 'b');
    expect(await bench.ids(long)).toEqual([]);
    const tables = await bench.rows('information_schema.TABLES', 'TABLE_NAME AS name');
    const made = tables
      .map(({ name }) => String(name))
      .filter((name) => /^sendense_flow_orphans\d*_to/.test(name));
    expect(made.map((name) => name.length)).toEqual([62, 61]);
    await createPolicy(database.session, { id: 'p' });
    expect(await bench.restore(owner)).toEqual({ restored: { [flows]: 3, [long]: 3 }, left: [] });
    expect(await bench.rows(long, 'id, kind, note')).toEqual([
      { id: 1, kind: 'a', note: 'new' },
      { id: 2, kind: 'a', note: 'new' },
      { id: 3, kind: 'b', note: 'new' },
    ]);
  });
});
