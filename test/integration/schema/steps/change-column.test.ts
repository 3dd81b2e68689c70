import type { ProtectionFlowsError } from '../../../../src/errors';
import { useDatabase } from '../../../support/database';
import { column, enumOf, literal, nullable } from '../../../../src/engine/schema/declare';
import { named } from '../../../../src/engine/schema/shape';
import { appendEnumValues, changeColumn } from '../../../../src/engine/steps/columns';
import { stepSession, surviveDeaths } from './step-session';

/** Guards that a widened column keeps its collation, and that a rollback cuts no value that was written since. */
describe('changing a column', () => {
  const database = useDatabase({ platform: 'none', per: 'each' });
  const short = column('name', 'varchar(5)');
  const long = column('name', 'varchar(50)');

  beforeEach(async () => {
    await database.session.query(
      `CREATE TABLE t (
        id int PRIMARY KEY,
        name varchar(5) CHARACTER SET latin1 COLLATE latin1_general_cs NOT NULL,
        note varchar(5) NULL,
        hits int NOT NULL DEFAULT 0,
        state enum('on','off') NOT NULL DEFAULT 'on',
        facts json NULL
      ) CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
    );
    await database.session.query(`INSERT INTO t (id, name, facts) VALUES (1, 'a', '{}')`);
  });

  it.each([
    ['a wider one', short, long],
    ['one that may be NULL', short, nullable('name', 'varchar(5)')],
    ['one with another default', short, column('name', 'varchar(5)', { default: literal('x') })],
    ['a wider number', column('hits', 'int', { default: literal(0) }), column('hits', 'bigint')],
    [
      'one with another default and more values',
      column('state', enumOf('on', 'off'), { default: literal('on') }),
      column('state', enumOf('on', 'off', 'idle'), { default: literal('idle') }),
    ],
    ['one that is NOT NULL', nullable('facts', 'json'), column('facts', 'json')],
  ])('can run again after a kill before or after its statement, to %s', async (_what, before, after) => {
    await surviveDeaths(stepSession(database), changeColumn('t', before, after), 't');
  });

  it('keeps the charset and collation of the column, and every row', async () => {
    const session = stepSession(database);
    await session.run(changeColumn('t', short, long));
    const found = named((await session.catalog('t')).get('t')?.columns ?? [], 'name');
    expect(found).toEqual({ ...long, charset: 'latin1', collation: 'latin1_general_cs' });
    expect(await database.session.query('SELECT name FROM t')).toEqual([{ name: 'a' }]);
  });

  it('refuses a column that matches neither the old nor the new definition', async () => {
    await database.session.query('ALTER TABLE t MODIFY name varchar(20) NOT NULL');
    const session = stepSession(database);
    await expect(session.run(changeColumn('t', short, long))).rejects.toMatchObject({
      code: 'SCHEMA_HAND_MADE',
    });
    await expect(session.undo(changeColumn('t', short, long))).rejects.toMatchObject({
      code: 'SCHEMA_HAND_MADE',
    });
  });

  it('refuses to undo a change while a row holds a value that the old column cannot hold', async () => {
    const session = stepSession(database);
    const step = changeColumn('t', short, long);
    await session.run(step);
    await database.session.query(`UPDATE t SET name = 'longer than five'`);
    await expect(session.undo(step, { discardRows: true })).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
      details: { column: 'name', rows: 1 },
    });
    expect(await database.session.query('SELECT name FROM t')).toEqual([{ name: 'longer than five' }]);
  });

  it('checks the rows even when a lax server would cut the values', async () => {
    const session = stepSession(database);
    await database.session.query(`SET SESSION sql_mode = ''`);
    const toNotNull = changeColumn('t', nullable('note', 'varchar(5)'), column('note', 'varchar(5)'));
    await expect(session.run(toNotNull)).rejects.toMatchObject({
      code: 'PREFLIGHT_FAILED',
      message: expect.stringContaining('1 row of t holds a note'),
    });
    const hits = changeColumn('t', column('hits', 'int', { default: literal(0) }), column('hits', 'bigint'));
    await session.run(hits);
    await database.session.query('UPDATE t SET hits = 3000000000');
    await expect(session.undo(hits)).rejects.toMatchObject({ code: 'ROLLBACK_WOULD_LOSE_ROWS' });
  });
});

/** Guards that undo blanks no row that holds a removed value, and that its printed remedy works. */
describe('appending values to an ENUM', () => {
  const database = useDatabase({ platform: 'none', per: 'each' });
  const step = appendEnumValues('t', 'state', { from: ['on', 'off'], add: ["can't say", 'idle'] });

  beforeEach(async () => {
    await database.session.query("CREATE TABLE t (id int PRIMARY KEY, state enum('on','off') NOT NULL)");
  });

  it('can run again after a kill before or after its statement', async () => {
    await surviveDeaths(stepSession(database), step, 't');
  });

  it('is not undone while a row holds an appended value, until the remedy is carried out', async () => {
    const session = stepSession(database);
    await session.run(step);
    await database.session.query(`INSERT INTO t VALUES (1, 'off'), (2, "can't say")`);
    const refused = (await session.undo(step).catch((error: unknown) => error)) as ProtectionFlowsError;
    expect(refused).toMatchObject({ code: 'ENUM_VALUE_IN_USE', details: { rows: 1 } });
    await database.session.query(/UPDATE.*;$/.exec(refused.remedy)?.[0] ?? '');
    expect(await session.undo(step)).toHaveLength(1);
  });

  it.each([
    ['has other values', "MODIFY state enum('on') NOT NULL", "type is enum('on'), not enum('on','off')"],
    ['is missing', 'DROP COLUMN state', 'column t.state is missing'],
  ])('is refused when the column %s', async (_what, change, message) => {
    await database.session.query(`ALTER TABLE t ${change}`);
    await expect(stepSession(database).run(step)).rejects.toMatchObject({
      code: 'SCHEMA_HAND_MADE',
      message: expect.stringContaining(message),
    });
  });
});
