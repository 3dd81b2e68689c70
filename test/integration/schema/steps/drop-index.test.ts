import { useDatabase } from '../../../support/database';
import { index, unique } from '../../../../src/engine/schema/declare';
import { dropIndex, replaceIndex } from '../../../../src/engine/steps/indexes';
import { stepSession, surviveDeaths } from './step-session';

/** Guards that a killed migrate leaves no key without its index, and drops no index that somebody made by hand. */
describe('dropping and replacing an index', () => {
  const database = useDatabase({ platform: 'none', per: 'each' });
  const byName = index('idx_name', 'name', 'at DESC');
  const onlyName = unique('uq_name', 'name', 'parent');
  const byParent = index('idx_parent', 'parent');

  beforeEach(async () => {
    await database.session.query(
      `CREATE TABLE t (
        id int PRIMARY KEY, parent int NULL, name varchar(20) NOT NULL, at timestamp NULL,
        INDEX idx_name (name, at DESC), UNIQUE INDEX uq_name (name, parent), INDEX idx_parent (parent),
        CONSTRAINT fk_parent FOREIGN KEY (parent) REFERENCES t (id) ON UPDATE NO ACTION
      )`,
    );
    await database.session.query(`INSERT INTO t VALUES (1, NULL, 'a', NULL), (2, 1, 'a', NULL)`);
  });

  it.each([
    ['dropping one', dropIndex('t', byName)],
    ['dropping a unique one', dropIndex('t', onlyName)],
    ['replacing one', replaceIndex('t', byName, index('idx_name', 'at', 'name'))],
    ['making one descending', replaceIndex('t', byName, index('idx_name', 'name', 'at'))],
    [
      'replacing one that a foreign key needs',
      replaceIndex('t', byParent, index('idx_parent', 'parent', 'at')),
    ],
    ['making one unique', replaceIndex('t', byName, unique('idx_name', 'name', 'id'))],
    ['making one not unique', replaceIndex('t', onlyName, index('uq_name', 'name'))],
  ])('can run again after a kill before or after its statement: %s', async (_what, step) => {
    await surviveDeaths(stepSession(database), step, 't');
  });

  it('refuses an index of that name with other columns', async () => {
    const session = stepSession(database);
    const expected = index('idx_name', 'name', 'at');
    for (const step of [dropIndex('t', expected), replaceIndex('t', expected, index('idx_name', 'at'))]) {
      await expect(session.run(step)).rejects.toMatchObject({
        code: 'SCHEMA_HAND_MADE',
        message: expect.stringContaining('at DESC'),
      });
    }
    const gone = replaceIndex('t', index('idx_gone', 'at'), index('idx_gone', 'name'));
    await expect(session.run(gone)).rejects.toMatchObject({ code: 'SCHEMA_HAND_MADE' });
  });

  it('refuses to make an index unique again while rows share its values', async () => {
    const session = stepSession(database);
    const steps = [dropIndex('t', onlyName), replaceIndex('t', onlyName, index('uq_name', 'name'))];
    for (const step of steps) {
      await session.run(step);
      await database.session.query(`INSERT INTO t VALUES (3, 1, 'a', NULL)`);
      await expect(session.undo(step)).rejects.toMatchObject({ code: 'ROLLBACK_WOULD_LOSE_ROWS' });
      await database.session.query('DELETE FROM t WHERE id = 3');
      await session.undo(step);
    }
  });

  it('has nothing to undo when the table is gone', async () => {
    const session = stepSession(database);
    await database.session.query('DROP TABLE t');
    expect(await session.undo(dropIndex('t', onlyName))).toEqual([]);
    expect(await session.undo(replaceIndex('t', byName, byName))).toEqual([]);
  });
});
