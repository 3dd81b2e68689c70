import { restoreOrphans } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { createPolicy } from '../../../src/testing/platform-rows';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { createNastyTable, nastyRows } from './nasty-rows';
import { executions, flows, orphanBench, ownerOfMore } from './orphan-bench';

/** Guards that a quarantined row is restored unchanged, whatever its values and its parents. */
describe('rows in quarantine', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const bench = orphanBench(database);
  const id64 = 'varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL';

  async function orphanedFlows(...ids: string[]): Promise<void> {
    await bench.dropKey('fk_flows_policy');
    for (const id of ids) await bench.insertFlow(id, { policy_id: 'gone' });
  }

  it('are restored byte for byte, for every type, over two levels with a foreign table between', async () => {
    await orphanedFlows('f0', 'f1');
    for (let n = 0; n < 9; n += 1) await bench.insertExecution(`e${n}`, `f${n % 2}`);
    for (const name of ['memos', 'notes']) {
      await createNastyTable(database.connection, name, {
        type: id64,
        clause: `FOREIGN KEY (parent) REFERENCES ${executions} (id) ON DELETE CASCADE`,
        of: (row) => `e${row % 9}`,
        questionMarks: name === 'notes',
      });
    }
    await database.session.query(
      'CREATE TABLE tags (a int, b varchar(20), note int, PRIMARY KEY (a, b), FOREIGN KEY (note) REFERENCES notes (id) ON DELETE CASCADE) ENGINE=InnoDB',
    );
    for (let n = 0; n < 25; n += 1)
      await bench.insert('tags', { a: n % 5, b: `it's ${n}`, note: n % nastyRows });
    const tables = [flows, executions, 'memos', 'notes', 'tags'];
    const hung = { [executions]: 9, memos: nastyRows, notes: nastyRows, tags: 25 };
    const before = await bench.checksums(...tables);
    const owner = ownerOfMore(
      { table: 'memos', column: 'parent', parent: executions },
      { table: 'notes', column: 'parent', parent: executions },
      { table: 'tags', column: 'note', parent: 'notes' },
    );
    const settled = await bench.settle('fk_flows_policy', 'quarantine', { batchRows: 4, owner });
    expect(settled).toEqual({ rows: 2, cascaded: hung });
    for (const table of tables) expect(await bench.rows(table, '1')).toEqual([]);
    await createPolicy(database.session, { id: 'gone' });
    expect(await bench.restore(owner, 7)).toEqual({
      restored: { [flows]: 2, ...hung },
      left: [],
    });
    expect(await bench.checksums(...tables)).toEqual(before);
    await database.session.query("DELETE FROM backup_policies WHERE id = 'gone'");
    // Rows of a table with the same columns go into the same quarantine table again
    expect(await bench.settle('fk_flows_policy', 'quarantine', { owner })).toEqual(settled);
    expect(await select(database.session, "SHOW TABLES LIKE '%orphans2%'")).toEqual([]);
  });

  it('keep the text of a JSON column unchanged, when the server does', async () => {
    await orphanedFlows('f');
    const config = '{"b":  1.50, "a": "it\'s \\"x\\" \\\\ 😀", "nested": {"json": "{}"}}';
    await bench.insertExecution('e', 'f', { execution_metadata: config });
    const text = 'CAST(execution_metadata AS CHAR) AS text';
    const before = await bench.rows(executions, text);
    if (sharedServer().flavour === 'mariadb') expect(before).toEqual([{ text: config }]);
    await bench.settle('fk_flows_policy', 'quarantine');
    await createPolicy(database.session, { id: 'gone' });
    await restoreOrphans(dataSource());
    expect(await bench.rows(executions, text)).toEqual(before);
  });

  it('are distinguished from other rows by large numbers, binary keys and composite keys', async () => {
    await orphanedFlows('f');
    await bench.insertFlow('fine');
    await database.session.query(
      `CREATE TABLE large (n bigint unsigned, d decimal(30,10), x double, b binary(4), t varchar(9), at datetime(6), flow ${id64},
         PRIMARY KEY (n, d, x, b, t, at), FOREIGN KEY (flow) REFERENCES ${flows} (id) ON DELETE CASCADE) ENGINE=InnoDB`,
    );
    const base = [
      '18446744073709551614',
      "'12345678901234567890.1234567890'",
      '0.1e0',
      "X'00ff0000'",
      "'it''s\\\\'",
      "'2024-01-01 00:00:00.000001'",
    ];
    const others = [
      '18446744073709551615',
      "'12345678901234567890.1234567891'",
      '0.10000000000000002e0',
      "X'00ff0001'",
      "'it''s/'",
      "'2024-01-01'",
    ];
    // One orphan, and rows that differ from it slightly in one column each
    const rows = [base, ...others.map((other, at) => base.with(at, other))];
    for (const [row, values] of rows.entries())
      await database.connection.query(
        `INSERT INTO large VALUES (${values.join(', ')}, '${row === 0 ? 'f' : 'fine'}')`,
      );
    const before = await bench.checksums('large');
    const owner = ownerOfMore({ table: 'large', column: 'flow', parent: flows });
    expect(await bench.settle('fk_flows_policy', 'quarantine', { owner })).toEqual({
      rows: 1,
      cascaded: { large: 1 },
    });
    expect(await bench.rows('large', 'flow')).toEqual(Array(others.length).fill({ flow: 'fine' }));
    await createPolicy(database.session, { id: 'gone' });
    expect(await bench.restore(owner)).toMatchObject({ left: [] });
    expect(await bench.checksums('large')).toEqual(before);
  });

  it.each([1, 3, 500])(
    'are restored into a tree of rows, parents first, after a quarantine in batches of %i',
    async (batchRows) => {
      await orphanedFlows('f');
      await database.session.query(
        `CREATE TABLE nodes (id int PRIMARY KEY, up int NULL, flow ${id64}, FOREIGN KEY (up) REFERENCES nodes (id) ON DELETE CASCADE,
        FOREIGN KEY (flow) REFERENCES ${flows} (id) ON DELETE CASCADE) ENGINE=InnoDB`,
      );
      // 9 refers to itself; 4 refers to a node and to the flow
      await database.session.query(
        "INSERT INTO nodes VALUES (9, NULL, 'f'), (7, 9, NULL), (8, 7, NULL), (1, 8, 'f'), (4, 1, 'f'), (5, NULL, NULL)",
      );
      await database.session.query('UPDATE nodes SET up = 9 WHERE id = 9');
      const before = await bench.checksums('nodes');
      const owner = ownerOfMore(
        { table: 'nodes', column: 'up', parent: 'nodes' },
        { table: 'nodes', column: 'flow', parent: flows },
      );
      expect(await bench.settle('fk_flows_policy', 'quarantine', { batchRows, owner })).toEqual({
        rows: 1,
        cascaded: { nodes: 5 },
      });
      await createPolicy(database.session, { id: 'gone' });
      expect(await bench.restore(owner, 2)).toMatchObject({ left: [] });
      expect(await bench.checksums('nodes')).toEqual(before);
    },
  );
});
