import { migrate, runPreflight, type MigrateOptions } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { useDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { createUser, type UserOf } from './as-user';

/** Guards that an account without the privileges for the chosen treatment of orphans is stopped before any change. */
let created: UserOf | undefined;
afterEach(async () => {
  await created?.drop();
  created = undefined;
});
// After the hook above: the user goes first, then the database
const database = useDatabase({ platform: 'mixed', per: 'each' });
const query = (sql: string) => database.session.query(sql);
const quarantines = ['protection_flows', 'protection_flow_executions'].map(
  (table) => `sendense_flow_orphans_${table}`,
);

/** All privileges that a migrate without orphans needs, table by table. */
const grants = [
  ...['backup_policies', 'backup_repositories', 'replication_schedules', 'schedule_executions'].map(
    (table) => `SELECT, REFERENCES ON DB.${table}`,
  ),
  ...['protection_flows', 'protection_flow_executions'].map(
    (table) => `SELECT, ALTER, REFERENCES ON DB.${table}`,
  ),
  'SELECT, INSERT, UPDATE ON DB.sendense_flow_migrations',
  'SELECT, INSERT, UPDATE, CREATE ON DB.sendense_flow_lock',
];

/** Makes an orphaned flow with an execution, whose key is missing, and a user with only these grants. */
async function withOrphan(): Promise<UserOf> {
  const owner = await openDataSource(database);
  await migrate(owner);
  await owner.destroy();
  await query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_repository');
  await query(
    "INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, repository_id) VALUES ('f', 'f', 'backup', 'vm', 'v', 'gone')",
  );
  await query(
    "INSERT INTO protection_flow_executions (id, flow_id, execution_type) VALUES ('e', 'f', 'manual')",
  );
  created = await createUser(database, grants);
  return created;
}

async function as<T>(
  user: UserOf,
  work: (options: Awaited<ReturnType<typeof openDataSource>>) => Promise<T>,
): Promise<T> {
  const dataSource = await openDataSource(user.database);
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

const rows = async (table: string): Promise<number> =>
  Number((await select<{ n: number }>(database.session, `SELECT COUNT(*) AS n FROM ${table}`))[0]?.n);

it('orphans: quarantine needs privileges for its tables and the deletion, and the printed GRANT gives them', async () => {
  const user = await withOrphan();
  const wish: MigrateOptions = { orphans: 'quarantine' };
  const { ok, findings } = await as(user, (dataSource) => runPreflight(dataSource, wish));
  expect(ok).toBe(false);
  const missing = findings.filter(({ code }) => code === 'PRIVILEGE_MISSING');
  expect(missing.map(({ table, details }) => [table, [...(details.privileges as string[])].sort()])).toEqual(
    expect.arrayContaining([
      ['protection_flows', ['DELETE']],
      [quarantines[0], ['CREATE', 'INSERT']],
      ['protection_flow_executions', ['DELETE']],
      [quarantines[1], ['CREATE', 'INSERT']],
    ]),
  );
  expect(await as(user, (dataSource) => migrate(dataSource, wish))).toMatchObject({ ok: false });
  expect([await rows('protection_flows'), await rows('protection_flow_executions')]).toEqual([1, 1]);
  for (const sql of (missing[0]?.remedy ?? '').split('\n').filter((line) => !line.startsWith('--')))
    await query(sql);
  expect(await as(user, (dataSource) => migrate(dataSource, wish))).toMatchObject({ ok: true });
  expect(await Promise.all(quarantines.map(rows))).toEqual([1, 1]);
  expect([await rows('protection_flows'), await rows('protection_flow_executions')]).toEqual([0, 0]);
});

it('orphans: quarantine into an existing table needs no CREATE', async () => {
  const user = await withOrphan();
  const owner = await openDataSource(database);
  await migrate(owner, { orphans: 'quarantine' });
  await owner.destroy();
  await query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_repository');
  await query(
    "INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, repository_id) VALUES ('g', 'g', 'backup', 'vm', 'v', 'gone')",
  );
  for (const table of quarantines) await query(`GRANT INSERT ON ${table} TO ${user.user}`);
  for (const table of ['protection_flows', 'protection_flow_executions'])
    await query(`GRANT DELETE ON ${table} TO ${user.user}`);
  const wish: MigrateOptions = { orphans: 'quarantine' };
  const { ok, findings } = await as(user, (dataSource) => runPreflight(dataSource, wish));
  const codes = findings.flatMap(({ code, effect }) => (effect === 'noted' ? [] : [code]));
  expect({ ok, codes }).toEqual({ ok: true, codes: ['FK_ORPHAN_ROWS'] });
  expect(await as(user, (dataSource) => migrate(dataSource, wish))).toMatchObject({ ok: true });
  expect(await rows(quarantines[0]!)).toBe(2);
});

it('orphans: null needs the privilege to write the column of the orphans', async () => {
  const user = await withOrphan();
  await query('DELETE FROM protection_flow_executions');
  await query(
    "INSERT INTO backup_repositories (id, name, repository_type, config) VALUES ('gone', 'r', 'local', '{}')",
  );
  await query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_schedule');
  await query("UPDATE protection_flows SET schedule_id = 'gone'");
  const { findings } = await as(user, (dataSource) => runPreflight(dataSource, { orphans: 'null' }));
  expect(findings.filter(({ code }) => code === 'PRIVILEGE_MISSING')).toMatchObject([
    { table: 'protection_flows', effect: 'key-refused', details: { privileges: ['UPDATE'] } },
  ]);
});
