import { createPlatformTables, platformTableNames } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { look, migrateAnew, prepareAnew, paste, snapshot } from './fix';
import { answer, drop, flavour, flow, policies, without } from './scenario';

/** Guards the report as a whole: differences that do not stop migrate, and several findings at once. */
const database = useDatabase({ platform: 'none', per: 'each' });
const query = (sql: string) => database.session.query(sql);
const platform = (...tables: string[]) =>
  createPlatformTables(database.session, 'mixed', tables as (typeof platformTableNames)[number][]);

describe('preflight does not stop migrate for differences that migrate corrects or defers', () => {
  it('a parent in another collation is aligned', async () => {
    await platform(...platformTableNames);
    const { ok, findings } = await look(database);
    expect(ok).toBe(true);
    expect(findings.map(({ code, effect, key }) => `${code} ${effect} ${key ?? ''}`)).toEqual([
      'FK_COLLATION_MISMATCH mended fk_flows_schedule',
      'FK_COLLATION_MISMATCH mended fk_executions_schedule',
    ]);
    expect(findings[0]?.message).toMatch(answer(/1005 with errno 150, or 1822/, /3780/));
    expect(await migrateAnew(database)).toMatchObject({ ok: true, findings });
    expect(await look(database)).toMatchObject({ ok: true, findings: [] });
  });

  it('a parent that does not exist defers its key', async () => {
    const { ok, findings } = await look(database);
    expect(ok).toBe(true);
    expect(findings.map(({ code, effect }) => `${code} ${effect}`)).toEqual(
      Array.from({ length: 4 }, () => 'FK_PARENT_MISSING deferred'),
    );
    await prepareAnew(database);
    expect((await look(database)).findings).toHaveLength(4);
    await platform(...platformTableNames);
    expect(await migrateAnew(database)).toMatchObject({ ok: true });
    expect(await look(database)).toMatchObject({ ok: true, findings: [] });
  });

  it.each([
    ['shorter', 'varchar(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci'],
    ['longer', 'varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci'],
    ['of fixed length', 'char(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci'],
    ['of another charset', 'varchar(64) CHARACTER SET ascii COLLATE ascii_bin'],
  ])('preflight accepts parent ids that are %s', async (_what, type) => {
    await platform(...without('backup_policies'));
    await query(policies(`id ${type} NOT NULL PRIMARY KEY`));
    expect(await look(database)).toMatchObject({ ok: true });
    expect((await migrateAnew(database)).keys).toContainEqual(
      expect.objectContaining({ name: 'fk_flows_policy', status: 'added' }),
    );
  });
});

it('preflight finds several faults at once, and all remedies, pasted in turn, let migrate succeed', async () => {
  await platform(...without('backup_policies').filter((name) => name !== 'schedule_executions'));
  await prepareAnew(database);
  for (const sql of [
    policies('id int', 'ENGINE=MyISAM'),
    drop('fk_flows_schedule'),
    flow('one', 'schedule_id'),
    drop('fk_flows_repository'),
    'ALTER TABLE protection_flows MODIFY repository_id varchar(64) CHARACTER SET latin1 NULL',
    "DELETE FROM sendense_flow_migrations WHERE name LIKE 'AddOperational%'",
    "INSERT INTO sendense_flow_migrations (timestamp, name) VALUES (1, 'Newer1999999999999')",
  ])
    await query(sql);
  const before = await snapshot(database.session);
  const { ok, findings } = await look(database);
  expect(ok).toBe(false);
  expect(findings.map(({ code, effect, key }) => [code, effect, key].filter(Boolean).join(' '))).toEqual([
    'HISTORY_UNKNOWN blocking',
    'HISTORY_OUT_OF_ORDER blocking',
    'ENGINE_NOT_INNODB key-refused fk_flows_policy',
    'FK_TYPE_MISMATCH key-refused fk_flows_policy',
    'FK_PARENT_NOT_INDEXED key-refused fk_flows_policy',
    'FK_ORPHAN_ROWS key-refused fk_flows_schedule',
    'FK_COLLATION_MISMATCH mended fk_flows_repository',
    'FK_PARENT_MISSING deferred fk_executions_schedule',
  ]);
  expect(await snapshot(database.session)).toEqual(before);
  await paste(database, findings);
  expect(await migrateAnew(database)).toMatchObject({ ok: true });
});

const onMariadb = flavour === 'mariadb' ? it : it.skip;
onMariadb(
  'preflight accepts a system-versioned parent with a visible period, and MariaDB itself enforces the key',
  async () => {
    await platform(...without('backup_policies'));
    const period =
      'since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, until TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)';
    await query(
      `CREATE TABLE backup_policies (id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY, ${period}) ENGINE=InnoDB WITH SYSTEM VERSIONING`,
    );
    expect(await look(database)).toMatchObject({ ok: true });
    const { ok, keys } = await migrateAnew(database);
    expect(ok).toBe(true);
    expect(keys).toContainEqual(expect.objectContaining({ name: 'fk_flows_policy', status: 'added' }));
    await expect(query(flow('one', 'policy_id'))).rejects.toMatchObject({ errno: 1452 });
  },
);

it('preflight refuses a virtual id column on MySQL, whose keys can refer only to stored columns', async () => {
  await platform(...without('backup_policies'));
  const ids = "GENERATED ALWAYS AS (CONCAT('p-', n)) VIRTUAL";
  await query(policies(`n int PRIMARY KEY, id varchar(64) ${ids}, UNIQUE INDEX uq (id)`));
  const { ok, findings } = await look(database);
  expect(ok).toBe(flavour === 'mariadb');
  const found = findings.filter(({ code }) => code === 'FK_TYPE_MISMATCH').map(({ message }) => message);
  if (flavour === 'mysql') {
    expect(found).toEqual([expect.stringMatching(/backup_policies\.id is a virtual column.*3733/)]);
    await paste(database, findings);
    await query(
      `ALTER TABLE backup_policies DROP INDEX uq, DROP COLUMN id, ADD id varchar(64) ${ids.replace('VIRTUAL', 'STORED')}, ADD UNIQUE INDEX uq (id)`,
    );
  }
  expect(await migrateAnew(database)).toMatchObject({ ok: true });
});
