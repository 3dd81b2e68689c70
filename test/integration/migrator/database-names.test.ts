import { createDataSource } from '../../../src/typeorm/create-data-source';
import { adopt } from '../../../src/engine/adopt';
import { migrate, planMigrate, readStatus, rollback, runPreflight } from '../../../src/engine/migrate';
import { quoteName } from '../../../src/engine/server/queryable';
import { createRepositories } from '../../../src/repositories';
import { buildFlow } from '../../../src/testing/factories';
import { createPlatformTables } from '../../../src/testing/platform-tables';
import { createThrowAwayDatabase } from '../../../src/testing/throw-away-database';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';

const names = ['a.b.c', `two \`words\` "and" 'signs'`, String.raw`\back%slash_?:x`, 'ümläut-Ж', '1e5'];

/** Guards that a database may have any name that the server allows, for an account with rights on that database alone. */
describe('in a database called', () => {
  const account = { username: `names_${process.pid}`, password: 'p@ss#word' };
  // Before the database, whose connection is closed with it
  afterAll(() => administrator.connection.query(`DROP USER '${account.username}'@'%'`));
  const administrator = useDatabase({ platform: 'none' });
  beforeAll(() =>
    administrator.connection.query(
      `CREATE USER '${account.username}'@'%' IDENTIFIED BY '${account.password}'`,
    ),
  );

  it.each(names)('%s everything works', async (given) => {
    const name = `${given} ${process.pid}`;
    const database = await createThrowAwayDatabase(sharedServer(), { name });
    const pattern = name.replaceAll(/[\\_%]/g, String.raw`\$&`);
    await administrator.connection.query(`GRANT ALL ON ${quoteName(pattern)}.* TO '${account.username}'@'%'`);
    const dataSource = createDataSource({ ...database.settings, ...account });
    try {
      await dataSource.initialize();
      expect(dataSource.database).toBe(database.name);
      await createPlatformTables(dataSource, 'general_ci');
      expect((await runPreflight(dataSource)).ok).toBe(true);
      expect((await planMigrate(dataSource)).ok).toBe(true);
      expect((await migrate(dataSource)).ok).toBe(true);
      expect((await readStatus(dataSource)).ok).toBe(true);
      expect((await verify(dataSource)).verdict).toBe('proven');
      const { flows, executions, dueFlows, retention } = createRepositories(dataSource);
      const flow = await flows.create(buildFlow());
      const run = await executions.start({ flow_id: flow.id, execution_type: 'manual' });
      await executions.finish(run.id, { status: 'success' });
      await dueFlows.claimDue({ worker: 'scheduler' });
      expect((await flows.list()).items).toHaveLength(1);
      await retention.prune({ olderThanMs: 0 });
      await dataSource.query('DROP TABLE sendense_flow_migrations');
      expect((await adopt(dataSource)).ok).toBe(true);
      expect((await rollback(dataSource, { steps: 'all', discardRows: true })).ok).toBe(true);
    } finally {
      if (dataSource.isInitialized) await dataSource.destroy();
      await database.drop();
    }
  });
});
