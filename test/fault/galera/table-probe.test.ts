import { addressOf } from '../../../src/typeorm/probe-server';
import type { Connection } from 'mysql2/promise';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { MysqlOptions } from '../../../src/typeorm/guarded-data-source';
import { openConnection } from '../../../src/engine/server/open-connection';
import {
  executeStatement,
  type StatementOptions,
  defaultSlices,
} from '../../../src/engine/waiting/execute-statement';
import { TableProbe } from '../../../src/engine/waiting/table-probe';
import { select } from '../../../src/engine/server/queryable';
import { createUser } from '../../integration/preflight/as-user';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { describeOnGalera } from '../../support/use-cluster';
import { waitFor } from '../../support/wait-for';

const documented = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON DB.*';
const alter = 'ALTER TABLE protection_flow_executions ADD COLUMN note int NULL';

// Guards that the migrator sends no DDL that would block the whole node or abort another transaction.
describeOnGalera('DDL on a table of a cluster', () => {
  const database = useDatabase({ per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const elsewhere = useDatabase({ platform: 'none', per: 'each' });
  let holder: Connection;
  let limit: NodeJS.Timeout;

  beforeEach(async () => {
    holder = await database.connect();
    await holder.query(`INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type)
      VALUES ('a', 'a', 'replication', 'vm', 'vm', 'ossea')`);
    await elsewhere.session.query('CREATE TABLE written (id int AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB');
    // Without this, a blocked node would stay blocked forever
    limit = setTimeout(() => holder.destroy(), 5_000);
  });
  afterEach(() => clearTimeout(limit));

  /** Executes the DDL while another connection writes to another database. */
  async function execute(source = dataSource(), options: StatementOptions = { tableWaitMs: 300 }) {
    const session = source.createQueryRunner('master');
    const probe = new TableProbe(() =>
      openConnection(addressOf(source.options as MysqlOptions), { multipleStatements: true }),
    );
    await session.query('SET SESSION lock_wait_timeout = 1');
    let isOver = false;
    const result = executeStatement(session, alter, { probe, ...options }).finally(() => (isOver = true));
    result.catch(() => undefined);
    while (!isOver) await elsewhere.session.query('INSERT INTO written VALUES ()');
    probe.close();
    await result.finally(() => session.release());
  }
  const columns = () => select(database.session, `SHOW COLUMNS FROM protection_flow_executions LIKE 'note'`);

  it.each([
    ['LOCK TABLES … READ', ['LOCK TABLES protection_flow_executions READ'], 'UNLOCK TABLES'],
    ['LOCK TABLES … WRITE', ['LOCK TABLES protection_flow_executions WRITE'], 'UNLOCK TABLES'],
    [
      'LOCK TABLES … WRITE of a table that it refers to',
      ['LOCK TABLES protection_flows WRITE'],
      'UNLOCK TABLES',
    ],
    ['reading it', ['BEGIN', 'SELECT * FROM protection_flow_executions'], 'COMMIT'],
    [
      'writing it',
      ['BEGIN', "INSERT INTO protection_flow_executions (flow_id, execution_type) VALUES ('a', 'api')"],
      'COMMIT',
    ],
    ['writing a table that it refers to', ['BEGIN', "UPDATE protection_flows SET name = 'b'"], 'COMMIT'],
  ])(
    'waits up to its limit, and aborts no transaction, while another session holds the table by %s',
    async (_, statements, end) => {
      for (const sql of statements) await holder.query(sql);
      await expect(execute()).rejects.toMatchObject({ code: 'TABLE_BUSY', details: { patienceMs: 300 } });
      await holder
        .query('SELECT COUNT(*) FROM protection_flow_executions')
        .catch((error: { errno: number }) => {
          // With LOCK TABLES of another table: this table is not locked (1100), but the transaction is not aborted (1213)
          expect(error.errno).toBe(1100);
        });
      await holder.query(end);
      expect(await columns()).toEqual([]);
      await execute();
      expect(await columns()).toHaveLength(1);
    },
  );

  it('waits for LOCK TABLES of another session, also without the privilege LOCK TABLES', async () => {
    const user = await createUser(database, [documented]);
    const source = await createDataSource({ env: { DATABASE_URL: user.database.url } }).initialize();
    try {
      await holder.query('LOCK TABLES protection_flow_executions READ');
      await expect(execute(source)).rejects.toMatchObject({ code: 'TABLE_BUSY' });
      await holder.query('UNLOCK TABLES');
      await execute(source);
      expect(await columns()).toHaveLength(1);
    } finally {
      await source.destroy();
      await user.drop();
    }
  });

  it('stops waiting for the table when it is aborted', async () => {
    await holder.query('LOCK TABLES protection_flow_executions READ');
    const controller = new AbortController();
    const slices = { ...defaultSlices, firstMs: 60_000, longestMs: 60_000 };
    const result = execute(dataSource(), { signal: controller.signal, slices });
    result.catch(() => undefined);
    const probes =
      "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'LOCK TABLES%'";
    await waitFor(async () => (await select(database.session, probes)).length > 0);
    controller.abort();
    await expect(result).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await holder.query('UNLOCK TABLES');
    expect(await columns()).toEqual([]);
  });
});
