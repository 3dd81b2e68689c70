import { select } from '../../../src/engine/server/queryable';
import { createPlatformTables, platformTableNames, seedPlatformRows } from '../../../src/testing';
import { useDatabase, usePrivateServer } from '../../support/database';

interface TableRow {
  readonly name: string;
  readonly collation: string;
}

async function collations(database: ReturnType<typeof useDatabase>): Promise<Record<string, string>> {
  const rows = await select<TableRow>(
    database.session,
    `SELECT table_name AS name, table_collation AS collation FROM information_schema.tables
     WHERE table_schema = ?`,
    [database.name],
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.collation]));
}

// Guards that tests of the keys run against the collations that are met in the field.
describe('the platform tables', () => {
  const scheduleTables = platformTableNames.filter((name) => !name.startsWith('backup_'));
  const repositoryTables = platformTableNames.filter((name) => name.startsWith('backup_'));

  describe.each([
    ['general_ci', 'utf8mb4_general_ci', 'utf8mb4_general_ci'],
    ['mixed', 'utf8mb4_general_ci', 'utf8mb4_unicode_ci'],
    ['latin1', 'latin1_swedish_ci', 'latin1_swedish_ci'],
  ] as const)('as %s', (platform, schedules, repositories) => {
    const database = useDatabase({ platform });

    it(`are eight: ${schedules}, the repositories' ${repositories}`, async () => {
      const found = await collations(database);
      expect(Object.keys(found).sort()).toEqual([...platformTableNames].sort());
      for (const name of scheduleTables) expect(found[name]).toBe(schedules);
      for (const name of repositoryTables) expect(found[name]).toBe(repositories);
    });

    it('accept coherent rows, twice', async () => {
      const first = await seedPlatformRows(database.session);
      const second = await seedPlatformRows(database.session);
      expect(second.policy).not.toBe(first.policy);
      const [members] = await select<{ enabled: number }>(
        database.session,
        'SELECT SUM(enabled) AS enabled FROM vm_group_memberships WHERE group_id = ?',
        [first.group],
      );
      expect(Number(members?.enabled)).toBe(2);
    });
  });

  describe('the platform tables of a newer release', () => {
    const database = useDatabase({ platform: 'mixed', age: 'newer' });

    it('are ten, and hold the progress of a backup', async () => {
      const found = await collations(database);
      const newer = ['backup_disks', 'vm_backup_contexts'];
      expect(Object.keys(found).sort()).toEqual([...platformTableNames, ...newer].sort());
      for (const name of newer) expect(found[name]).toBe('utf8mb4_general_ci');
      await seedPlatformRows(database.session);
      const rows = await database.session.query(
        'SELECT DISTINCT current_phase, progress_percent, last_telemetry_at FROM backup_jobs',
      );
      expect(rows).toEqual([{ current_phase: 'pending', progress_percent: '0.00', last_telemetry_at: null }]);
    });
  });

  describe('some of the platform tables', () => {
    const database = useDatabase({ platform: 'none' });

    it('can be left out', async () => {
      const only = ['backup_repositories', 'backup_policies'];
      await createPlatformTables(database.session, { repositories: 'utf8mb4_unicode_ci' }, only);
      expect(Object.keys(await collations(database)).sort()).toEqual(only.sort());
    });
  });
});

// Guards that the field's old default for timestamps does not turn the platform's nullable ones into others.
describe('the platform tables on a server with explicit_defaults_for_timestamp=OFF and no sql_mode', () => {
  const server = usePrivateServer({
    serverArguments: [
      '--explicit-defaults-for-timestamp=OFF',
      '--sql-mode=',
      '--character-set-server=latin1',
    ],
  });
  const database = useDatabase({ platform: 'mixed', server });

  it('keep started_at nullable without ON UPDATE', async () => {
    const columns = await select<{ nullable: string; extra: string }>(
      database.session,
      `SELECT is_nullable AS nullable, extra AS extra FROM information_schema.columns
       WHERE table_schema = ? AND column_name = 'started_at'`,
      [database.name],
    );
    expect(columns).toEqual([
      { nullable: 'YES', extra: '' },
      { nullable: 'YES', extra: '' },
    ]);
  });
});
