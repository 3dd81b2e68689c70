import { planRollback, rollback } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { useDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { migrationCount } from '../../support/migrations';
import { createUser, type UserOf } from '../preflight/as-user';
import { prepareAnew, snapshot } from '../preflight/fix';

const all = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'REFERENCES', 'INDEX'];

/** All migrations but the first, whose rollback drops the two tables. */
const allButFirst = migrationCount - 1;

/** Guards that a rollback is refused as a whole: half of it would undo changes that the history still records as applied. */
describe.each([
  ['DELETE', 'all' as const, ['sendense_flow_migrations']],
  ['UPDATE', 'all' as const, ['sendense_flow_migrations']],
  ['ALTER', allButFirst, ['protection_flows', 'protection_flow_executions']],
  ['DROP', 'all' as const, ['protection_flows', 'protection_flow_executions']],
])('a rollback without %s', (lacked, steps, tables) => {
  let created: UserOf | undefined;
  afterEach(() => created?.drop().finally(() => (created = undefined)));
  const database = useDatabase({ per: 'each' });

  it.each([
    ['the database', (privileges: string) => [`${privileges} ON DB.*`]],
    [
      'each table',
      (privileges: string, names: readonly string[]) => names.map((name) => `${privileges} ON DB.${name}`),
    ],
  ])(
    'is refused before it begins, and succeeds after the printed GRANT: privileges on %s',
    async (_what, grantsOf) => {
      await prepareAnew(database);
      const names = await select<{ name: string }>(
        database.session,
        'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
      );
      const privileges = all.filter((one) => one !== lacked).join(', ');
      created = await createUser(
        database,
        grantsOf(
          privileges,
          names.map(({ name }) => name),
        ),
      );
      const before = await snapshot(database.session);
      const dataSource = await openDataSource(created.database);
      const { ok, refusals } = await planRollback(dataSource, { steps });
      expect(ok).toBe(false);
      expect(refusals.map(({ code }) => code)).toEqual(refusals.map(() => 'PRIVILEGE_MISSING'));
      const lacking = refusals.map(({ details }) => (details as { object: string }).object);
      expect(lacking).toEqual(expect.arrayContaining(tables));
      await expect(rollback(dataSource, { steps })).rejects.toMatchObject({
        code: 'PRIVILEGE_MISSING',
      });
      expect(await snapshot(database.session)).toEqual(before);

      for (const statement of refusals[0]!.remedy.replace(/^--.*$/gm, '').split(';'))
        if (statement.trim() !== '') await database.session.query(statement);
      const anew = await openDataSource(created.database);
      expect(await planRollback(anew, { steps })).toMatchObject({ ok: true, refusals: [] });
      expect(await rollback(anew, { steps })).toMatchObject({ ok: true });
      await dataSource.destroy();
      await anew.destroy();
    },
  );
});
