import { readCatalog } from '../../../src/engine/schema/catalog/read-catalog';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';

describe('reading the catalog', () => {
  const database = useDatabase();
  useDataSource(database);

  // Guards against reads that wait for DDL in databases of others, or on a Galera node fail with it
  it('opens only the tables of one database', async () => {
    const statements: [string, unknown[] | undefined][] = [];
    const session: Queryable = {
      query(sql, parameters) {
        statements.push([sql, parameters]);
        return database.session.query(sql, parameters);
      },
    };
    const tables = ['protection_flows', 'protection_flow_executions'];
    expect((await readCatalog(session, sharedServer(), tables)).size).toBe(2);
    const reads = statements.filter(([sql]) => /^\s*SELECT[^]*information_schema/i.test(sql));
    expect(reads.length).toBeGreaterThan(3);
    for (const [sql, parameters] of reads) {
      const plan = await select(database.session, `EXPLAIN ${sql}`, parameters);
      expect(plan.map((row) => String(row.Extra)).join('\n')).not.toContain('Scanned all databases');
    }
  });

  // The server's order is its own affair: max_sort_length once mixed up the columns of indexes, and MariaDB lists tables
  // as their folder lists files, which is another order on another file system.
  it('does not depend on the order of rows', async () => {
    await database.session.query(
      `CREATE TABLE child (x VARCHAR(64), y VARCHAR(64), a VARCHAR(64), b VARCHAR(64), PRIMARY KEY (y, x), INDEX several (x DESC, y))`,
    );
    await database.session.query(
      'ALTER TABLE child ADD CONSTRAINT to_itself FOREIGN KEY (b, a) REFERENCES child (y, x)',
    );
    const backwards: Queryable = {
      async query(sql, parameters) {
        const rows = await select(database.session, sql, parameters);
        return /^\s*SELECT/.test(sql) ? rows.reverse() : rows;
      },
    };
    const tables = ['protection_flows', 'protection_flow_executions', 'child'];
    const [found, straight] = [
      await readCatalog(backwards, sharedServer(), tables),
      await readCatalog(database.session, sharedServer(), tables),
    ];
    expect([...found]).toEqual([...straight]);
    expect(found.get('child')).toMatchObject({
      primaryKey: ['y', 'x'],
      indexes: expect.arrayContaining([
        expect.objectContaining({
          name: 'several',
          columns: [{ name: 'x' }, { name: 'y' }].map((one) => expect.objectContaining(one) as object),
        }),
      ]) as object[],
      foreignKeys: [{ columns: ['b', 'a'], parentColumns: ['y', 'x'] }],
    });
  });
});
