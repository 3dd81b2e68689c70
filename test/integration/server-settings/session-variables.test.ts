import {
  sessionStatement,
  sessionVariables,
  type SessionVariable,
} from '../../../src/driver/session-variables';
import { select } from '../../../src/engine/server/queryable';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { leftAlone } from './left-alone';

const database = useDatabase({ platform: 'none' });
const dataSource = useDataSource(database, { migrated: false });

/** ER_GLOBAL_VARIABLE and ER_INCORRECT_GLOBAL_LOCAL_VAR: the variable is global, or read-only. */
const notOfSessions = [1229, 1238];

// Guards that new variables of a server release are noticed: one of them may cut an answer short.
it('every session variable is set, or kept for a reason', async () => {
  const rows = await select<{ Variable_name: string }>(database.session, 'SHOW SESSION VARIABLES');
  const decided = new Set([
    ...Object.values(sessionVariables).flatMap((some: readonly SessionVariable[]) =>
      some.map(({ name }) => name),
    ),
    ...Object.values(leftAlone).flatMap((names) => names.split(' ')),
  ]);
  const unknown: string[] = [];
  for (const { Variable_name: name } of rows) {
    if (decided.has(name)) continue;
    const errno = await database.session.query(`SET SESSION ${name} = @@SESSION.${name}`).then(
      () => null,
      (error: { errno?: number }) => error.errno ?? null,
    );
    if (!notOfSessions.includes(errno ?? 0)) unknown.push(name);
  }
  expect(unknown).toEqual([]);
});

it('no session variable is both set and kept, except when servers differ', () => {
  const left = Object.values(leftAlone).flatMap((names) => names.split(' '));
  const set = Object.values(sessionVariables).flatMap((some: readonly SessionVariable[]) =>
    some.map(({ name }) => name),
  );
  expect(left).toHaveLength(new Set(left).size);
  expect(set.filter((name) => left.includes(name))).toEqual(['innodb_strict_mode']);
});

// A server warns of what it will drop: sessions of its next release would be refused then.
it('setting the session variables gives no warning', async () => {
  const runner = dataSource().createQueryRunner();
  try {
    await runner.query(sessionStatement);
    expect(await runner.query('SHOW WARNINGS')).toEqual([]);
  } finally {
    await runner.release();
  }
});
