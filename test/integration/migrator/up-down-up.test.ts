import { migrate, rollback } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { seedPlatformRows } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { catalogDump } from '../../support/catalog-dump';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { migrationCount, stepsBackTo } from '../../support/migrations';

/** Guards that a rollback removes only the objects that migrate made. */
describe('up, down and up again', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });

  it('is proven, then never-ran, then proven again', async () => {
    expect((await verify(dataSource())).verdict).toBe('never-ran');
    await migrate(dataSource());
    expect((await verify(dataSource())).verdict).toBe('proven');
    const { undone } = await rollback(dataSource(), { steps: 'all' });
    expect(undone).toHaveLength(migrationCount);
    expect((await verify(dataSource())).verdict).toBe('never-ran');
    await migrate(dataSource());
    expect((await verify(dataSource())).verdict).toBe('proven');
  });

  it('leaves every table of others unchanged, including the TypeORM history of an application', async () => {
    const { session } = database;
    await seedPlatformRows(session);
    await session.query(
      'CREATE TABLE migrations (id int PRIMARY KEY AUTO_INCREMENT, timestamp bigint, name varchar(99))',
    );
    await session.query("INSERT INTO migrations (timestamp, name) VALUES (1, 'Own1600000000000')");
    const tables = (await select(session, 'SHOW TABLES')).flatMap((row) => Object.values(row));
    const checksums = () => select(session, `CHECKSUM TABLE ${tables.join(', ')}`);
    const [definitions, rows] = [await catalogDump(session), await checksums()];
    await migrate(dataSource());
    expect(await catalogDump(session)).toEqual(definitions);
    await rollback(dataSource(), { steps: 'all' });
    expect(await catalogDump(session)).toEqual(definitions);
    expect(await checksums()).toEqual(rows);
  });

  it('undoes one migration at a time, newest first, and migrate can continue after each', async () => {
    await migrate(dataSource());
    const whole = await catalogDump(database.session, /^sendense/);
    for (let steps = 1; steps <= migrationCount; steps += 1) {
      const { undone } = await rollback(dataSource(), { steps });
      expect(undone).toHaveLength(steps);
      expect((await verify(dataSource())).verdict).toBe(
        steps === migrationCount ? 'never-ran' : 'half-applied',
      );
      expect((await migrate(dataSource())).applied).toEqual([...undone].reverse());
      expect(await catalogDump(database.session, /^sendense/)).toEqual(whole);
    }
  });

  it('recreates no removed index for a late key, but recreates a lost index that replaces redundant ones', async () => {
    await migrate(dataSource());
    const whole = await catalogDump(database.session, /^sendense/);
    await database.session.query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_schedule');
    expect((await migrate(dataSource())).ok).toBe(true);
    expect(await catalogDump(database.session, /^sendense/)).toEqual(whole);

    await rollback(dataSource(), { steps: stepsBackTo('DropRedundantIndexes') });
    await database.session.query('ALTER TABLE protection_flows DROP INDEX idx_flows_schedule_created');
    expect((await migrate(dataSource())).ok).toBe(true);
    expect(await catalogDump(database.session, /^sendense/)).toEqual(whole);
  });
});
