import { createPlatformTables, platformTableNames } from '../../../src/testing';
import { useDatabase, usePrivateServer } from '../../support/database';
import { createUser, type UserOf } from './as-user';
import { look, migrateAnew, prepareAnew, paste, snapshot, wellFormed } from './fix';

/** Guards that preflight finds a server that accepts no writes before the first write, if there is something to write. */
const server = usePrivateServer();
let created: UserOf | undefined;
afterEach(async () => {
  for (const name of ['read_only', variable()]) await query(`SET GLOBAL ${name} = 0`);
  await query("SET GLOBAL init_connect = ''");
  if (!isMysql()) await query('SET GLOBAL enforce_storage_engine = NULL');
  await created?.drop();
  created = undefined;
});
// After the hook above: the user goes first, then the database
const database = useDatabase({ platform: 'none', per: 'each', server });
const query = (sql: string) => database.session.query(sql);
const isMysql = (): boolean => server.flavour === 'mysql';
const variable = (): string => (isMysql() ? 'transaction_read_only' : 'tx_read_only');
const userWith = async (...grants: string[]): Promise<UserOf> =>
  (created = await createUser(database, grants));

const cases: [string, (() => string) | null, string, RegExp][] = [
  ['read_only', () => 'SET GLOBAL read_only = 1', 'ALL ON DB.*', /read_only is on .*1290/],
  [
    'transactions, read-only by default,',
    () => `SET GLOBAL ${variable()} = 1`,
    'ALL ON DB.*',
    /read-only by default .*1792/,
  ],
  [
    'init_connect',
    () => "SET GLOBAL init_connect = 'SET @a = 1; SET SESSION TRANSACTION READ ONLY;'",
    'ALL ON DB.*',
    /read-only by default .*1792.*init_connect/,
  ],
];

async function expectSeen(as: UserOf, says: RegExp, wanted = 'SERVER_READ_ONLY'): Promise<void> {
  const before = await snapshot(database.session);
  const { ok, findings } = await look(as.database);
  expect(ok).toBe(false);
  const seen = findings.filter(({ code }) => code === wanted);
  expect(seen).toEqual([
    expect.objectContaining({ effect: 'blocking', table: null, message: expect.stringMatching(says) }),
  ]);
  expect(seen[0]).toMatchObject(wellFormed as object);
  expect(await migrateAnew(as.database)).toMatchObject({ ok: false, applied: [], findings });
  expect(await snapshot(database.session)).toEqual(before);
  await paste(database, findings);
  expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
}

describe('a server that accepts no writes', () => {
  it.each(cases)(
    'because of %s stops migrate, until the pasted remedy allows writes',
    async (_what, damage, grant, says) => {
      const as = await userWith(grant);
      await query(damage?.() ?? '');
      await expectSeen(as, says);
    },
  );

  it('because of super_read_only stops even users who are exempt from read_only', async () => {
    if (!isMysql()) return;
    const as = await userWith('ALL ON *.*');
    await query('SET GLOBAL super_read_only = 1');
    await expectSeen(as, /super_read_only is on .*1290/);
  });

  it('because of a read-only database stops migrate', async () => {
    if (!isMysql()) return;
    const as = await userWith('ALL ON DB.*');
    await query(`ALTER SCHEMA \`${database.name}\` READ ONLY = 1`);
    await expectSeen(as, /is read-only .*3989/);
  });

  it('because of an engine that it forces on every table stops migrate', async () => {
    if (isMysql()) return;
    const as = await userWith('ALL ON DB.*');
    await query('SET GLOBAL enforce_storage_engine = MyISAM');
    await expectSeen(as, /engine MyISAM.*enforce_storage_engine/, 'ENGINE_NOT_INNODB');
  });

  it('gives no finding to users who may write despite read_only', async () => {
    const as = await userWith('ALL ON DB.*', `${isMysql() ? 'CONNECTION_ADMIN' : 'READ ONLY ADMIN'} ON *.*`);
    await query('SET GLOBAL read_only = 1');
    expect(await look(as.database)).toMatchObject({ ok: true });
    expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
  });

  it('is no obstacle when no migration is pending', async () => {
    await prepareAnew(database);
    const as = await userWith('SELECT ON DB.*');
    await query('SET GLOBAL read_only = 1');
    expect(await look(as.database)).toMatchObject({ ok: true });
    expect(await migrateAnew(as.database)).toMatchObject({ ok: true, applied: [] });
  });

  it('makes migrate leave out late keys, until the pasted remedy allows writes', async () => {
    await prepareAnew(database);
    await createPlatformTables(database.session, 'general_ci', platformTableNames);
    const as = await userWith('ALL ON DB.*');
    await query('SET GLOBAL read_only = 1');
    const { findings } = await look(as.database);
    expect(findings.filter(({ code }) => code === 'SERVER_READ_ONLY').map(({ effect }) => effect)).toEqual(
      Array.from({ length: 4 }, () => 'key-refused'),
    );
    expect(await migrateAnew(as.database)).toMatchObject({ ok: false });
    await paste(database, findings);
    expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
  });
});

it('preflight reports a privilege that is granted on the server but revoked in this database', async () => {
  if (!isMysql()) return;
  await query('SET GLOBAL partial_revokes = ON');
  const as = await userWith('ALL ON *.*');
  await query(`REVOKE CREATE ON \`${database.name}\`.* FROM ${as.user}`);
  const { findings } = await look(as.database);
  expect(findings.filter(({ code }) => code === 'PRIVILEGE_MISSING').map(({ table }) => table)).toEqual([
    'sendense_flow_migrations',
    'protection_flows',
    'protection_flow_executions',
    'sendense_flow_pruned',
    'sendense_flow_skips',
    'sendense_flow_timetables',
    'sendense_flow_skip_totals',
    'sendense_flow_pauses',
  ]);
  await paste(database, findings);
  expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
});

it('preflight counts a privilege that PUBLIC has', async () => {
  if (isMysql()) return;
  const as = await userWith('SELECT ON DB.*');
  await query(`GRANT CREATE, ALTER, INSERT ON \`${database.name}\`.* TO PUBLIC`);
  expect(await look(as.database)).toMatchObject({ ok: true });
  expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
  await query(`REVOKE ALL PRIVILEGES ON \`${database.name}\`.* FROM PUBLIC`);
});

it('preflight reports no missing privilege that the anonymous user gives', async () => {
  if (isMysql()) return;
  const as = await userWith();
  await query(
    `INSERT INTO mysql.db (Host, Db, User, Select_priv, Insert_priv, Create_priv, Alter_priv)
     VALUES ('%', '${database.name}', '', 'Y', 'Y', 'Y', 'Y')`,
  );
  await query('FLUSH PRIVILEGES');
  expect(await look(as.database)).toMatchObject({ ok: true });
  expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
});
