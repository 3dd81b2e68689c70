import { migrate, rollback, type ProtectionFlowsDataSource } from '../../src/migrator';
import { select } from '../../src/schema/queryable';
import { verify } from '../../src/verify';
import { catalogDump } from '../support/catalog-dump';
import { useDatabase } from '../support/database';
import { dyingDataSource } from '../support/dying-data-source';
import { openDataSource, useDataSource } from '../support/data-source';

const whole = /^sendense/;

/** Guards that a run which died anywhere is finished by the next: DDL commits at once, nothing rolls it back. */
describe('a run whose connection is killed', () => {
  const reference = useDatabase({ platform: 'mixed' });
  useDataSource(reference);
  const database = useDatabase({ platform: 'mixed' });
  const dataSource = useDataSource(database, { migrated: false });

  const kill = async (id: number): Promise<void> => {
    await database.session.query(`KILL ${id}`);
  };

  /** Kills one run after another, each a statement later, until one has no such statement; how many were killed. */
  async function killAtEveryStatement(
    when: 'before' | 'after',
    run: (dying: ProtectionFlowsDataSource) => Promise<unknown>,
    afterwards: () => Promise<void>,
  ): Promise<number> {
    for (let statement = 1; ; statement += 1) {
      const dying = await dyingDataSource(() => openDataSource(database), kill, { statement, when });
      // A run that was killed after its last statement may well end in peace
      await run(dying.dataSource).catch(() => undefined);
      await dying.dataSource.destroy();
      if (!dying.wasKilled()) return statement - 1;
      await afterwards();
    }
  }

  const names = async (): Promise<unknown[]> =>
    (await select(database.session, 'SELECT name FROM sendense_flow_migrations ORDER BY id')).map(
      (row) => row.name,
    );

  it.each(['before', 'after'] as const)(
    '%s any statement of migrate is finished by the next',
    async (when) => {
      const expected = await catalogDump(reference.session, whole);
      const deaths = await killAtEveryStatement(when, migrate, async () => {
        expect((await migrate(dataSource())).ok).toBe(true);
        expect(await catalogDump(database.session, whole)).toEqual(expected);
        expect(new Set(await names()).size).toBe(4);
        expect(await names()).toHaveLength(4);
        await rollback(dataSource(), { steps: 'all' });
        await database.session.query('DROP TABLE sendense_flow_migrations');
      });
      // The history's table, 2 tables, 3 + 1 indexes, 5 keys twice, 2 collations, 1 enum, 4 history rows; on MySQL
      // also the attempts to change a column online that it refuses
      expect(deaths).toBeGreaterThanOrEqual(24);
      await rollback(dataSource(), { steps: 'all' });
    },
  );

  it.each(['before', 'after'] as const)(
    '%s any statement of a rollback is finished by the next',
    async (when) => {
      await migrate(dataSource());
      const undoAll = (dying: ProtectionFlowsDataSource): Promise<unknown> =>
        rollback(dying, { steps: 'all' });
      const deaths = await killAtEveryStatement(when, undoAll, async () => {
        await rollback(dataSource(), { steps: 'all' });
        expect((await verify(dataSource())).verdict).toBe('never-ran');
        await migrate(dataSource());
      });
      expect(deaths).toBeGreaterThanOrEqual(5);
      await migrate(dataSource());
    },
  );

  it('in a rollback is also set right by a migrate', async () => {
    const expected = await catalogDump(reference.session, whole);
    const oneByOne = async (dying: ProtectionFlowsDataSource): Promise<void> => {
      for (let step = 1; step <= 3; step += 1) await rollback(dying, { steps: 1 });
    };
    await migrate(dataSource());
    const deaths = await killAtEveryStatement('after', oneByOne, async () => {
      expect((await migrate(dataSource())).ok).toBe(true);
      expect(await catalogDump(database.session, whole)).toEqual(expected);
    });
    expect(deaths).toBeGreaterThanOrEqual(10);
  });
});
