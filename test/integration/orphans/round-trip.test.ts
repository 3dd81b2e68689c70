import { restoreOrphans } from '../../../src/engine/migrate';
import { createThrowAwayDatabase } from '../../../src/testing';
import { createPolicy } from '../../../src/testing/platform-rows';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { createNastyTable, nastyRows } from './nasty-rows';
import { executions, flows, orphanBench } from './orphan-bench';

/** Guards that a quarantined row comes back as it was, whatever it holds and wherever it hung. */
describe('rows in quarantine', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const bench = orphanBench(database);
  const id64 = 'varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL';

  async function orphanedFlows(...ids: string[]): Promise<void> {
    await bench.dropKey('fk_flows_policy');
    for (const id of ids) await bench.insertFlow(id, { policy_id: 'gone' });
  }

  it('come back byte for byte, of every type, with a table of others between, over two levels', async () => {
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
    const settled = await bench.settle('fk_flows_policy', 'quarantine', { batchRows: 4 });
    expect(settled).toEqual({ rows: 2, cascaded: hung });
    for (const table of tables) expect(await bench.rows(table, '1')).toEqual([]);
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource(), { batchRows: 7 })).toMatchObject({
      ok: true,
      restored: { [flows]: 2, ...hung },
      left: [],
    });
    expect(await bench.checksums(...tables)).toEqual(before);
  });

  it('keep a JSON column as the text that it was, where the server does', async () => {
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

  it('come back as an earlier release wrote them down, an ENUM as its word alone', async () => {
    await orphanedFlows('f');
    await database.session.query(
      `CREATE TABLE notes (id int PRIMARY KEY, flow ${id64}, kind enum('a','it''s') NOT NULL, other enum('b','') NULL,
         FOREIGN KEY (flow) REFERENCES ${flows} (id) ON DELETE CASCADE) ENGINE=InnoDB`,
    );
    await database.connection.query("SET SESSION sql_mode = ''");
    await database.session.query(`INSERT INTO notes VALUES (1, 'f', 0, ''), (2, 'f', 'it''s', NULL)`);
    const before = await bench.checksums(flows, 'notes');
    await bench.settle('fk_flows_policy', 'quarantine');
    for (const { id, columns } of await bench.rows('sendense_flow_orphans', 'id, `columns`')) {
      const row = (typeof columns === 'string' ? JSON.parse(columns) : columns) as Record<string, unknown>;
      const words = Object.entries(row).map(([name, value]) => {
        const { text, index } = (value ?? {}) as { text?: unknown; index?: unknown };
        return [name, index === undefined ? value : text];
      });
      const sql = 'UPDATE sendense_flow_orphans SET `columns` = ? WHERE id = ?';
      await database.session.query(sql, [JSON.stringify(Object.fromEntries(words)), id]);
    }
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true, left: [] });
    expect(await bench.checksums(flows, 'notes')).toEqual(before);
  });

  it('come back into another database too', async () => {
    await orphanedFlows('f');
    const other = await createThrowAwayDatabase(sharedServer(), { name: `${database.name} other` });
    try {
      const table = `\`${other.name}\`.audit`;
      await database.session.query(
        `CREATE TABLE ${table} (id int PRIMARY KEY, flow ${id64}, FOREIGN KEY (flow) REFERENCES \`${database.name}\`.${flows} (id) ON DELETE CASCADE) ENGINE=InnoDB`,
      );
      await database.session.query(`INSERT INTO ${table} VALUES (1, 'f'), (2, NULL), (3, 'f')`);
      const label = `${other.name}.audit`;
      expect(await bench.settle('fk_flows_policy', 'quarantine')).toEqual({
        rows: 1,
        cascaded: { [label]: 2 },
      });
      expect(await bench.rows(table, 'id')).toEqual([{ id: 2 }]);
      await createPolicy(database.session, { id: 'gone' });
      expect(await restoreOrphans(dataSource())).toMatchObject({
        ok: true,
        restored: { [flows]: 1, [label]: 2 },
      });
      expect(await bench.rows(table, 'id, flow')).toEqual([
        { id: 1, flow: 'f' },
        { id: 2, flow: null },
        { id: 3, flow: 'f' },
      ]);
    } finally {
      await database.session.query(`DROP DATABASE \`${other.name}\``);
    }
  });

  it('are told from their neighbours by large numbers, binary and composite keys', async () => {
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
    // One orphan, and neighbours that differ from it in the least of one column each
    const rows = [base, ...others.map((other, at) => base.with(at, other))];
    for (const [row, values] of rows.entries())
      await database.connection.query(
        `INSERT INTO large VALUES (${values.join(', ')}, '${row === 0 ? 'f' : 'fine'}')`,
      );
    const before = await bench.checksums('large');
    expect(await bench.settle('fk_flows_policy', 'quarantine')).toEqual({ rows: 1, cascaded: { large: 1 } });
    expect(await bench.rows('large', 'flow')).toEqual(Array(others.length).fill({ flow: 'fine' }));
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true });
    expect(await bench.checksums('large')).toEqual(before);
  });

  it.each([1, 3, 500])('come back into a tree of rows, parents first (by %i)', async (batchRows) => {
    await orphanedFlows('f');
    await database.session.query(
      `CREATE TABLE nodes (id int PRIMARY KEY, up int NULL, flow ${id64}, FOREIGN KEY (up) REFERENCES nodes (id) ON DELETE CASCADE,
        FOREIGN KEY (flow) REFERENCES ${flows} (id) ON DELETE CASCADE) ENGINE=InnoDB`,
    );
    // 9 hangs on itself, 4 on two of the others
    await database.session.query(
      "INSERT INTO nodes VALUES (9, NULL, 'f'), (7, 9, NULL), (8, 7, NULL), (1, 8, 'f'), (4, 1, 'f'), (5, NULL, NULL)",
    );
    await database.session.query('UPDATE nodes SET up = 9 WHERE id = 9');
    const before = await bench.checksums('nodes');
    expect(await bench.settle('fk_flows_policy', 'quarantine', { batchRows })).toEqual({
      rows: 1,
      cascaded: { nodes: 5 },
    });
    await createPolicy(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource(), { batchRows: 2 })).toMatchObject({ ok: true });
    expect(await bench.checksums('nodes')).toEqual(before);
  });
});
