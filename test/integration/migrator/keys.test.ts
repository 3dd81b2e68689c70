import { migrate, planMigrate, readStatus } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { createPlatformTables, platformTableNames } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { madeAtOnce } from '../../support/catalog-dump';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { prepareSchema } from '../../support/prepare-schema';

/** Guards the outcome for a foreign key that cannot be added at once. */
describe('a foreign key', () => {
  const database = useDatabase({ platform: 'none', per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });
  const withoutPolicies = platformTableNames.filter((name) => !/policies|jobs/.test(name));

  const insertFlow = (values: Record<string, unknown>) =>
    database.connection.query('INSERT INTO protection_flows SET ?', {
      name: 'one',
      flow_type: 'replication',
      target_type: 'vm',
      target_id: 'vm-1',
      destination_type: 'ossea',
      ...values,
    });

  it('without its parent table is deferred, shown as deferred everywhere, and added once the parent exists', async () => {
    await createPlatformTables(database.session, 'mixed', withoutPolicies);
    const deferred = expect.arrayContaining([{ name: 'fk_flows_policy', status: 'deferred', ms: 0 }]);
    expect(await migrate(dataSource())).toMatchObject({
      ok: true,
      keys: deferred,
      findings: expect.arrayContaining([
        expect.objectContaining({ code: 'FK_PARENT_MISSING', effect: 'deferred' }),
      ]),
    });
    expect(await readStatus(dataSource())).toMatchObject({
      ok: true,
      keys: expect.arrayContaining([
        {
          name: 'fk_flows_policy',
          status: 'deferred',
          table: 'protection_flows',
          column: 'policy_id',
          parentTable: 'backup_policies',
          parentColumn: 'id',
          onDelete: 'SET NULL',
        },
      ]),
    });
    expect(await verify(dataSource())).toMatchObject({ ok: true, verdict: 'proven' });
    expect(await verify(dataSource(), { strict: true })).toMatchObject({ ok: false, verdict: 'proven' });
    await createPlatformTables(database.session, 'mixed', ['backup_policies']);
    const { statements } = await planMigrate(dataSource());
    expect(statements.map(({ migration, step }) => [migration, step])).toEqual(
      Array(4).fill([null, 'add foreign key fk_flows_policy']),
    );
    expect(statements[1]?.sql).toContain('ADD CONSTRAINT `fk_flows_policy_unproven`');
    expect(statements[2]?.sql).toMatch(/ADD CONSTRAINT `fk_flows_policy` .* DROP FOREIGN KEY/);
    expect((await migrate(dataSource())).keys).toContainEqual(
      expect.objectContaining({ name: 'fk_flows_policy', status: 'added' }),
    );
    expect(await verify(dataSource(), { strict: true })).toMatchObject({ ok: true, verdict: 'proven' });
  });

  it('to a platform table is deferred when no platform table exists, and the key between our own tables is added', async () => {
    const { keys } = await migrate(dataSource());
    expect(keys.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'fk_executions_flow added',
      'fk_flows_schedule deferred',
      'fk_executions_schedule deferred',
      'fk_flows_repository deferred',
      'fk_flows_policy deferred',
    ]);
    // verify claims nothing about keys that it cannot check
    const found = async (): Promise<Record<string, string>> => {
      const { checks } = await verify(dataSource());
      return Object.fromEntries(checks.map(({ id, summary }) => [id, summary]));
    };
    expect(await found()).toMatchObject({
      'foreign-keys': expect.stringMatching(/^1 key as declared; deferred: /),
      'set-null': 'not looked at, without parent: fk_flows_schedule, fk_flows_policy, fk_executions_schedule',
      restrict: 'rows without parent were refused; not looked at, without parent: fk_flows_repository',
    });
    await database.session.query(
      'ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow',
    );
    expect(await found()).toMatchObject({ restrict: 'not looked at, without parent: fk_flows_repository' });
  });

  it('that was dropped by hand is added by the next migrate', async () => {
    await createPlatformTables(database.session, 'general_ci');
    await prepareSchema(dataSource());
    await database.session.query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_repository');
    expect((await readStatus(dataSource())).keys).toContainEqual(
      expect.objectContaining({ name: 'fk_flows_repository', status: 'missing', onDelete: 'RESTRICT' }),
    );
    expect((await migrate(dataSource())).keys).toContainEqual(
      expect.objectContaining({ name: 'fk_flows_repository', status: 'added' }),
    );
  });

  it('with orphans is refused with their count and a sample; the rows stay unchanged, and the other keys are added', async () => {
    await createPlatformTables(database.session, 'mixed', withoutPolicies);
    await prepareSchema(dataSource());
    await insertFlow({ policy_id: 'gone' });
    await createPlatformTables(database.session, 'mixed', ['backup_policies']);
    await database.session.query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_schedule');
    const { statements } = await planMigrate(dataSource());
    expect(new Set(statements.map(({ step }) => step))).toEqual(
      new Set(['add foreign key fk_flows_schedule']),
    );
    const result = await migrate(dataSource());
    expect(result).toMatchObject({
      ok: false,
      keys: expect.arrayContaining([
        expect.objectContaining({ name: 'fk_flows_policy', status: 'refused' }),
        expect.objectContaining({ name: 'fk_flows_schedule', status: 'added' }),
      ]),
      findings: [
        expect.objectContaining({ code: 'FK_ORPHAN_ROWS', message: expect.stringContaining("'gone'") }),
      ],
    });
    expect(await select(database.session, 'SELECT policy_id FROM protection_flows')).toEqual([
      { policy_id: 'gone' },
    ]);
    // A service that starts with migrationsRun continues, but a call of runMigrations throws
    await expect(dataSource().runMigrations()).rejects.toMatchObject({
      code: 'KEYS_REFUSED',
      details: { applied: [] },
    });
    await database.session.query('UPDATE protection_flows SET policy_id = NULL');
    expect(await migrate(dataSource())).toMatchObject({ ok: true });
  });

  it('is added after its column got the charset, collation and length of the parent', async () => {
    await createPlatformTables(database.session, 'mixed', withoutPolicies);
    await database.session.query(
      'CREATE TABLE backup_policies (id varchar(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY) ENGINE=InnoDB',
    );
    expect((await migrate(dataSource())).keys).toContainEqual(
      expect.objectContaining({ name: 'fk_flows_policy', status: 'added' }),
    );
    expect((await verify(dataSource())).verdict).toBe('proven');
  });

  it.each([
    ['int', 'CREATE TABLE backup_policies (id int PRIMARY KEY) ENGINE=InnoDB', 'FK_TYPE_MISMATCH'],
    [
      'MyISAM',
      'CREATE TABLE backup_policies (id varchar(64) PRIMARY KEY) ENGINE=MyISAM',
      'ENGINE_NOT_INNODB',
    ],
    ['not indexed', 'CREATE TABLE backup_policies (id varchar(64)) ENGINE=InnoDB', 'FK_PARENT_NOT_INDEXED'],
    ['a view', "CREATE VIEW backup_policies AS SELECT 'x' AS id", 'ENGINE_NOT_INNODB'],
  ])('whose parent is %s stops migrate before any statement', async (_what, parent, code) => {
    await createPlatformTables(database.session, 'mixed', withoutPolicies);
    await database.session.query(parent);
    const plan = await planMigrate(dataSource());
    expect(plan).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ code })]),
    });
    expect(await migrate(dataSource())).toMatchObject({ ok: false, applied: [] });
    await expect(dataSource().runMigrations()).rejects.toMatchObject({
      code: 'PREFLIGHT_FAILED',
      message: expect.stringContaining(code),
    });
    const made = await select(database.session, "SHOW TABLES LIKE '%\\_flow%'");
    expect(
      made.flatMap((row) => Object.values(row)).filter((name) => !madeAtOnce().test(String(name))),
    ).toEqual([]);
  });
});
