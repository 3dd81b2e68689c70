import { createDataSource } from '../../../src/typeorm/create-data-source';
import { openDatabase } from '../../../src/engine';
import { subject } from '../../../src/migrations';
import { createThrowAwayDatabase } from '../../../src/testing';
import { serverOf } from '../../../src/testing/connection-url';
import { useDatabase, usePrivateServer } from '../../support/database';
import { createUser, type UserOf } from '../preflight/as-user';

/**
 * Guards that what a server does with each session before this package has it ends in words about init_connect, and in no
 * other database. A migrate made its tables in the one that init_connect had changed to, and named the configured one.
 */
const server = usePrivateServer();
let user: UserOf | undefined;
afterEach(async () => {
  await database.session.query("SET GLOBAL init_connect = ''");
  await user?.drop();
});
const database = useDatabase({ platform: 'none', server });

const doors = {
  'the DataSource': async ({ database: { url } }: UserOf) => {
    const dataSource = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
    await dataSource.destroy();
  },
  'the engine': async ({ database: { url, settings } }: UserOf) => {
    await (await openDatabase(subject, { ...settings, ...serverOf(url) })).close();
  },
};

describe.each(Object.entries(doors))('%s', (_door, open) => {
  it('refuses sessions that init_connect switches to another database', async () => {
    const other = await createThrowAwayDatabase(server);
    try {
      user = await createUser(database, ['SELECT ON *.*']);
      await database.session.query(`SET GLOBAL init_connect = 'USE ${other.settings.database}'`);
      const fault = `its sessions begin in the database ${other.settings.database}, not in ${database.name}`;
      await expect(open(user)).rejects.toMatchObject({
        code: 'SESSION_UNFIT',
        message: `the server can't be used: ${fault}`,
        remedy: expect.stringContaining('init_connect'),
        details: { faults: [fault], timeZone: '+00:00' },
      });
      await database.session.query("SET GLOBAL init_connect = ''");
      await open(user);
    } finally {
      await other.drop();
    }
  });

  it('reports an init_connect that fails', async () => {
    user = await createUser(database, ['ALL ON DB.*']);
    await database.session.query("SET GLOBAL init_connect = 'SELECT * FROM nowhere.nothing'");
    await expect(open(user)).rejects.toMatchObject({
      code: 'CONNECTION_REFUSED',
      message: 'the server ends each session of its users at once, as its init_connect fails',
    });
  });
});
