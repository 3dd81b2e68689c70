import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { Finding } from '../../../src/engine/migrate';
import { quoteName, select } from '../../../src/engine/server/queryable';
import { flowRecordTables } from '../../../src/statistics/meaning';
import { createPlatformTables, platformTableNames } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { isClusterWanted } from '../../support/test-installation';
import { createUser, type UserOf } from './as-user';
import { look, migrateAnew, prepareAnew, paste, snapshot, wellFormed } from './fix';

/** Guards that a missing privilege is found before the first statement and named exactly, without false findings. */
let created: UserOf | undefined;
afterEach(() => created?.drop().finally(() => (created = undefined)));
// After the hook above: the user goes first, then the database
const database = useDatabase({ platform: 'none', per: 'each' });
const isMysql = (): boolean => sharedServer().flavour === 'mysql';
const query = (sql: string) => database.session.query(sql);

const userWith = async (...grants: string[]): Promise<UserOf> =>
  (created = await createUser(database, grants));

const history = 'sendense_flow_migrations';
const [flows, executions] = ['protection_flows', 'protection_flow_executions'];
const own = [...flowRecordTables].sort().map((name) => `${name}: CREATE`);
const parents = ['backup_policies', 'backup_repositories', 'replication_schedules', 'schedule_executions'];

/** `table: privileges` of each finding, sorted. */
const missing = (findings: readonly Finding[]): string[] =>
  findings
    .filter(({ code }) => code === 'PRIVILEGE_MISSING')
    .map(({ table, details, effect }) => {
      const privileges = [...(details.privileges as string[])].sort().join(', ');
      return `${table ?? ''}: ${privileges}${effect === 'blocking' ? '' : ` (${effect})`}`;
    })
    .sort();

/** MySQL requires REFERENCES on each parent; MariaDB requires only SELECT. */
const references = (...tables: string[]): string[] =>
  isMysql() ? tables.map((table) => `${table}: REFERENCES`) : [];
const withReferences = (privileges: string): string =>
  (isMysql() ? [...privileges.split(', '), 'REFERENCES'] : privileges.split(', ')).sort().join(', ');

/** In a cluster the lock has a table, which has to be written to. */
const ofLock = (privileges: string): string[] =>
  isClusterWanted() ? [`sendense_flow_lock: ${privileges}`] : [];

/** The refused migrate may have made the lock's table, which then needs another GRANT. */
const isNotOfLock = ({ table }: Finding): boolean => table !== 'sendense_flow_lock';

/** The objects of the GRANTs in the remedies. All findings have the same remedy. */
function grantedOn(findings: readonly Finding[]): string[] {
  const remedies = new Set(
    findings.filter(({ code }) => code === 'PRIVILEGE_MISSING').map(({ remedy }) => remedy),
  );
  expect(remedies.size).toBe(1);
  return [...remedies].flatMap((remedy) =>
    [...remedy.matchAll(/^GRANT .* ON (.*) TO /gm)].map(([, on = '']) => on),
  );
}

/** The user's grants on databases or patterns of databases. Of several, only the most specific one counts. */
async function databasesOf(as: UserOf): Promise<string[]> {
  const lines = await select(database.session, `SHOW GRANTS FOR ${as.user}`);
  return lines.flatMap((line) => / ON (`.*`\.\*) TO /.exec(String(Object.values(line)[0]))?.[1] ?? []);
}

async function expectFixed(as: UserOf, findings: readonly Finding[]): Promise<void> {
  for (const finding of findings) expect(finding).toMatchObject(wellFormed as object);
  await paste(database, findings);
  expect(missing((await look(as.database)).findings)).toEqual([]);
  expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
  expect(await look(as.database)).toMatchObject({ ok: true });
}

const pending: [what: string, grants: string[], expected: () => string[]][] = [
  [
    'only SELECT',
    ['SELECT ON DB.*'],
    () => [
      ...references(...parents),
      `${executions}: ALTER, CREATE`,
      `${flows}: ${withReferences('ALTER, CREATE')}`,
      `${history}: CREATE, INSERT`,
      ...ofLock('CREATE, INSERT, UPDATE'),
      ...own,
    ],
  ],
  [
    'everything but CREATE',
    ['SELECT, INSERT, UPDATE, DELETE, ALTER, INDEX, REFERENCES, DROP ON DB.*'],
    () => [`${executions}: CREATE`, `${flows}: CREATE`, `${history}: CREATE`, ...ofLock('CREATE'), ...own],
  ],
  [
    'everything but INSERT',
    ['SELECT, UPDATE, DELETE, CREATE, ALTER, REFERENCES ON DB.*'],
    () => [`${history}: INSERT`, ...ofLock('INSERT')],
  ],
  [
    'everything but ALTER',
    ['SELECT, INSERT, CREATE, INDEX, REFERENCES ON DB.*'],
    () => [`${executions}: ALTER`, `${flows}: ALTER`, ...ofLock('UPDATE')],
  ],
  [
    'everything but SELECT',
    ['CREATE, ALTER, INSERT, UPDATE, DELETE, INDEX, REFERENCES, DROP ON DB.*'],
    () => [
      ...[...parents, executions, flows, history].map((table) => `${table}: SELECT`),
      ...ofLock('SELECT'),
    ],
  ],
  [
    'ALL on each of our tables, and column privileges on the parents',
    [
      ...[history, flows, executions].map((table) => `ALL ON DB.${table}`),
      ...parents.map((table) => `SELECT (id), REFERENCES (id) ON DB.${table}`),
    ],
    () => [
      ...parents.map((table) => `${table}: ${isMysql() ? 'REFERENCES' : 'SELECT'}`),
      ...ofLock('CREATE, INSERT, SELECT, UPDATE'),
      ...own,
    ],
  ],
];

describe('before the first migrate, a user with', () => {
  it.each(pending)('%s can migrate after the printed GRANTs', async (_what, grants, expected) => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    const as = await userWith(...grants);
    const before = await snapshot(database.session);
    const { ok, findings } = await look(as.database);
    expect(ok).toBe(false);
    expect(missing(findings)).toEqual(expected().sort());
    expect(findings.every(({ remedy }) => !remedy.startsWith('-- To be') || remedy.includes(as.user))).toBe(
      true,
    );
    const refused = await migrateAnew(as.database);
    expect(refused).toMatchObject({ ok: false, applied: [] });
    expect(refused.findings.filter(isNotOfLock)).toEqual(findings.filter(isNotOfLock));
    const dataSource = await openDataSource(as.database);
    await expect(dataSource.runMigrations()).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    await dataSource.destroy();
    expect(await snapshot(database.session)).toEqual(before);
    const databases = await databasesOf(as);
    const wholeDatabase = [`${quoteName(database.name)}.*`];
    const eachTable = expected().map(
      (text) => `${quoteName(database.name)}.${quoteName(text.split(':')[0] ?? '')}`,
    );
    const isNamed = grants.some((grant) => / DB\.\w/.test(grant));
    expect(grantedOn(findings).sort()).toEqual(
      isNamed || eachTable.length === 1 ? eachTable.sort() : wholeDatabase,
    );
    await expectFixed(as, findings);
    expect(await databasesOf(as)).toEqual(databases);
  });

  it('SELECT on the whole server gets one GRANT on the database, with wildcards in its name escaped', async () => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    const as = await userWith('SELECT ON *.*');
    const { findings } = await look(as.database);
    expect(grantedOn(findings)).toEqual([`${quoteName(database.name.replaceAll('_', '\\_'))}.*`]);
    await expectFixed(as, findings);
  });

  it('no visible table gets the needed GRANT, and no finding about a missing table', async () => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    await query('CREATE TABLE lobby (id int)');
    const as = await userWith('SELECT ON DB.lobby');
    const { findings } = await look(as.database);
    expect(missing(findings)).toEqual([
      `${executions}: ALTER, CREATE, SELECT`,
      `${flows}: ${withReferences('ALTER, CREATE, SELECT')}`,
      ...ofLock('CREATE, INSERT, SELECT, UPDATE'),
      `${history}: CREATE, INSERT, SELECT`,
      ...own,
    ]);
    const deferred = findings.filter(({ code }) => code === 'FK_PARENT_MISSING');
    expect(deferred).toHaveLength(4);
    for (const { message } of deferred) expect(message).toMatch(/does not exist, or '.*'@'%' may not see it/);
    await expectFixed(as, findings);
    expect((await migrateAnew(database)).keys.every(({ status }) => status === 'present')).toBe(true);
  });

  it.each([
    ['ALL PRIVILEGES', ['ALL ON DB.*']],
    [
      'only the needed privileges',
      [`SELECT, INSERT, ${isClusterWanted() ? 'UPDATE, ' : ''}CREATE, ALTER, REFERENCES ON DB.*`],
    ],
    ['ALL PRIVILEGES on the whole server', ['ALL ON *.*']],
  ])('%s gets no finding, and migrates', async (_what, grants) => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    const as = await userWith(...grants);
    expect(missing((await look(as.database)).findings)).toEqual([]);
    expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
  });

  it('a pattern for the database name has the privileges of the most specific pattern', async () => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    const pattern = quoteName(database.name.replaceAll('_', '\\_'));
    const as = await userWith(`SELECT, INSERT, CREATE, REFERENCES ON ${pattern}.*`, 'ALTER ON `pflows%`.*');
    const { findings } = await look(as.database);
    expect(missing(findings)).toEqual([`${executions}: ALTER`, `${flows}: ALTER`, ...ofLock('UPDATE')]);
    expect(grantedOn(findings)).toEqual([`${pattern}.*`]);
    await expectFixed(as, findings);
  });

  it('an active role has the privileges of the role, and not without it', async () => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    const as = await userWith('SELECT ON DB.*');
    const role = `r_${database.name.slice(-12)}`;
    await query(`CREATE ROLE ${role}`);
    try {
      await query(`GRANT ALL ON ${quoteName(database.name)}.* TO ${role}`);
      await query(`GRANT ${role} TO ${as.user}`);
      expect(missing((await look(as.database)).findings)).toContain(`${history}: CREATE, INSERT`);
      await query(`SET DEFAULT ROLE ${role} ${isMysql() ? 'TO' : 'FOR'} ${as.user}`);
      expect(missing((await look(as.database)).findings)).toEqual([]);
      expect(await migrateAnew(as.database)).toMatchObject({ ok: true });
    } finally {
      await query(`DROP ROLE ${role}`);
    }
  });

  it('quotes in its name gets a GRANT that works', async () => {
    const name = `o'ma "x"@${database.name.slice(-6)}`;
    const as = (created = await createUser(database, ['SELECT ON DB.*'], name));
    await expectFixed(as, (await look(as.database)).findings);
  });
});

describe('after all migrations', () => {
  it.each([
    ['only SELECT', ['SELECT ON DB.*']],
    ['only SELECT on our tables', [history, flows, executions].map((table) => `SELECT ON DB.${table}`)],
  ])('a user with %s gets no finding, because migrate has nothing to do', async (_what, grants) => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    await prepareAnew(database);
    const as = await userWith(...grants);
    expect(await look(as.database)).toMatchObject({ ok: true, findings: [] });
    expect(await migrateAnew(as.database)).toMatchObject({ ok: true, applied: [] });
  });

  it('migrate leaves out a late key that the user may not add, and services still start', async () => {
    await createPlatformTables(
      database.session,
      'mixed',
      platformTableNames.filter((name) => !/policies|jobs/.test(name)),
    );
    await prepareAnew(database);
    await createPlatformTables(database.session, 'mixed', ['backup_policies']);
    const as = await userWith('SELECT ON DB.*');
    const { ok, findings } = await look(as.database);
    expect({ ok, missing: missing(findings) }).toEqual({
      ok: false,
      missing: [
        ...references('backup_policies').map((text) => `${text} (key-refused)`),
        `${flows}: ALTER (key-refused)`,
        ...ofLock('INSERT, UPDATE (key-refused)'),
      ],
    });
    expect(await migrateAnew(as.database)).toMatchObject({
      ok: false,
      keys: expect.arrayContaining([{ name: 'fk_flows_policy', status: 'refused', ms: 0 }]),
    });
    const service = createDataSource({ env: { DATABASE_URL: as.database.url } });
    await service.setOptions({ migrationsRun: true }).initialize();
    await expect(service.runMigrations()).rejects.toMatchObject({ code: 'KEYS_REFUSED' });
    await service.destroy();
    await expectFixed(as, findings);
  });

  it.each([
    ['the history', `CREATE, ALTER, INSERT ON DB.${history}`, [flows, executions]],
    ['a table of ours', `ALTER ON DB.${flows}`, [history, executions]],
  ])('a user who may not read %s gets only PRIVILEGE_MISSING', async (_what, grant, readable) => {
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    await prepareAnew(database);
    const as = await userWith(grant, ...[...readable, ...parents].map((table) => `SELECT ON DB.${table}`));
    const { findings } = await look(as.database);
    expect([...new Set(findings.map(({ code }) => code))]).toEqual(['PRIVILEGE_MISSING']);
    expect(missing(findings).join('; ')).toContain('SELECT');
    await expectFixed(as, findings);
  });

  it('migrate after a rollback that died asks for the privileges that it needs', async () => {
    await prepareAnew(database);
    await query(`DELETE FROM ${history} WHERE timestamp > 1795305605000`);
    await query(`UPDATE ${history} SET reverting = 1 WHERE name LIKE 'KeepWhatPruneRemoved%'`);
    const as = await userWith('SELECT, INSERT, DELETE, CREATE, ALTER ON DB.*');
    const { findings } = await look(as.database);
    const updates = [flows, history, ...own.map((one) => one.split(':')[0])].map((one) => `${one}: UPDATE`);
    expect(missing(findings)).toEqual([...updates, ...ofLock('UPDATE')].sort());
    await expectFixed(as, findings);
    expect(await select(database.session, `SELECT name FROM ${history} WHERE reverting = 1`)).toEqual([]);
  });
});
