import { useDatabase } from '../../../support/database';
import { column, literal, now, nullable } from '../../../../src/engine/schema/declare';
import { addColumn } from '../../../../src/engine/steps/columns';
import { named } from '../../../../src/engine/schema/shape';
import { stepSession, surviveDeaths } from './step-session';

/** Guards that a rollback drops no column that users have filled, and that a killed migrate can run again. */
describe('adding a column', () => {
  const database = useDatabase({ platform: 'none', per: 'each' });
  const owner = nullable('owner', 'varchar(64)');
  const team = column('team', 'varchar(64)', { default: literal('ops') });

  beforeEach(async () => {
    await database.session.query(
      'CREATE TABLE t (id int PRIMARY KEY, name varchar(20)) CHARSET=latin1 COLLATE=latin1_swedish_ci',
    );
    await database.session.query(`INSERT INTO t VALUES (1, 'a'), (2, 'b')`);
  });

  it.each([
    ['that may be NULL', owner],
    ['with a literal default', team],
    ['with a numeric default', column('retries', 'int', { default: literal(3) })],
    [
      'with the current time as its default',
      column('seen_at', 'timestamp', { default: now, onUpdateNow: true }),
    ],
    ['of JSON', nullable('facts', 'json')],
  ])('can run again after a kill before or after its statement, for a column %s', async (_what, added) => {
    await database.session.query('DELETE FROM t');
    await surviveDeaths(stepSession(database), addColumn('t', added), 't');
  });

  it('adds the declared column, in the charset of the table', async () => {
    const session = stepSession(database);
    await session.run(addColumn('t', owner));
    const found = named((await session.catalog('t')).get('t')?.columns ?? [], 'owner');
    expect(found).toEqual({ ...owner, charset: 'latin1', collation: 'latin1_swedish_ci' });
  });

  it('refuses a column of that name with another definition', async () => {
    await database.session.query('ALTER TABLE t ADD owner varchar(32) NOT NULL');
    await expect(stepSession(database).run(addColumn('t', owner))).rejects.toMatchObject({
      code: 'SCHEMA_HAND_MADE',
      message: expect.stringContaining('varchar(32) NOT NULL'),
    });
  });

  it('refuses to drop a column while a row holds a value, and drops the column when told that values may be lost', async () => {
    const session = stepSession(database);
    await session.run(addColumn('t', owner));
    await database.session.query(`UPDATE t SET owner = 'Ada' WHERE id = 1`);
    await expect(session.undo(addColumn('t', owner))).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
      details: { table: 't', column: 'owner', rows: 1 },
    });
    expect(session.discarded).toEqual([]);
    expect(await session.undo(addColumn('t', owner), { discardRows: true })).toHaveLength(1);
    expect(session.discarded).toEqual([['t.owner', 1]]);
  });

  it('treats the default as no value, but not a value that only the collation calls equal to the default', async () => {
    const session = stepSession(database);
    await session.run(addColumn('t', team));
    await database.session.query(`UPDATE t SET team = 'OPS' WHERE id = 2`);
    await expect(session.undo(addColumn('t', team))).rejects.toMatchObject({ details: { rows: 1 } });
    await database.session.query('UPDATE t SET team = DEFAULT');
    expect(await session.undo(addColumn('t', team))).toHaveLength(1);
  });
});
