import { readCatalog } from '../../../src/schema/catalog/read-catalog';
import { select, type Queryable } from '../../../src/schema/queryable';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';

// Guards against reads that wait for DDL in databases of others, or on a Galera node fail with it.
describe('reading the catalog', () => {
  const database = useDatabase();
  useDataSource(database);

  it('opens the tables of one database only', async () => {
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
});
