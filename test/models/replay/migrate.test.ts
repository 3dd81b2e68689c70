import {
  addIndex,
  column,
  createTable,
  index,
  migrate,
  openDatabase,
  table,
  type Migration,
  type OpenDatabase,
} from '../../../src/engine';
import { declaredBy, stepsOf } from '../../../src/engine/steps/step';
import { useDatabase } from '../../support/database';
import { temporaryFolder } from '../../support/temporary-folder';
import { migrate as model } from '../models';
import { makeVerifier, type ModelStep } from '../spin/search';
import { HeldMigrate, shop } from './held-migrate';
import type { Rewrite } from './held-session';
import { MigratePlayer } from './migrate-player';
import { playWalks, readCounterexample, walks } from './trails';

const database = useDatabase({ platform: 'none' });
const folder = temporaryFolder();
let opened: OpenDatabase;
let player: MigratePlayer | undefined;

const withId = (name: string) => table(name, { columns: [column('id', 'int'), column('x', 'int')] });
/** The two migrations of the model: the second one's table is none of the declared schema. */
const migrations: readonly Migration[] = [
  { name: 'First1700000000000', breaking: false, steps: [createTable(withId('a'))] },
  {
    name: 'Second1700000001000',
    breaking: false,
    steps: [{ ...createTable(withId('b')), declare: (schema) => schema }, addIndex('a', index('idx_x', 'x'))],
  },
];

beforeAll(async () => {
  opened = await openDatabase(shop(migrations), database.settings);
  await migrate(opened);
});
afterAll(async () => {
  await player?.end();
  await opened?.close();
});

/** A naive program: what it sends in place of a statement, and its migrations. */
interface Program {
  readonly rewrite?: Rewrite;
  readonly migrations?: readonly Migration[];
}

/** Kills the run of the previous steps, and makes a player for the next steps. */
async function makePlayer(isStrict: boolean, program: Program = {}): Promise<MigratePlayer> {
  await player?.end();
  await database.session.query('DROP TABLE IF EXISTS a, b');
  await database.session.query('DELETE FROM shop_migrations');
  const own = { ...opened, subject: shop(program.migrations ?? migrations) };
  const run = new HeldMigrate(own, database.session, program.rewrite);
  player = new MigratePlayer(database.session, run, isStrict);
  return player;
}

/**
 * Guards that the model `migrate` describes this code: after each step of a walk, tables and history are as in the model, and
 * no command makes another change.
 */
it.each([[[]], [['RUNS=6']]])(
  'the server has the tables and the history of the model after each step of walks with %p',
  async (defines) => {
    const verifier = await makeVerifier('migrate', defines, folder);
    await playWalks(verifier, Math.ceil(walks / 2), () => makePlayer(true));
  },
);

/** True if playing the steps breaks the formula on the server. */
async function breaks(formula: string, steps: readonly ModelStep[], program: Program = {}): Promise<boolean> {
  const player = await makePlayer(false, program);
  let broken = false;
  let command = '';
  for (const step of steps) {
    await player.play(step);
    const { a, recorded1, recorded2, marked1, marked2, ...tables } = await player.state();
    if (/^(migrates|rolls)/.test(step.what)) command = step.what;
    const has = { migrated: command === 'migrates', undone: command === 'rolls_all_back' };
    const isThere = [recorded1 === '1' && marked1 === '0', recorded2 === '1' && marked2 === '0'];
    const isWhole = a === '1' && Object.values(tables).every((there) => there === '1');
    const isOver = step.what === 'returns' || step.who === 1;
    const damage: Readonly<Record<string, boolean>> = {
      recorded_is_there: isThere[0]! && (a === '0' || (isThere[1]! && !isWhole)),
      finished: isOver && has.migrated && (!isWhole || isThere.includes(false)),
      undone: isOver && has.undone && [a, recorded1, recorded2, ...Object.values(tables)].includes('1'),
      goes_on: step.what === 'fails' && /already exists/.test(String(player.fault)),
    };
    broken ||= damage[formula]!;
  }
  return broken;
}

const all = stepsOf(migrations);
/** For each mutation of the model: this package with a change, so that it lacks the same. */
const naive: Readonly<Record<string, Program>> = {
  RECORD_FIRST: {
    rewrite: (sql) => {
      const record = `INSERT INTO shop_migrations (timestamp, name) VALUES (1700000000000, 'First1700000000000')`;
      if (sql.startsWith('CREATE TABLE `a`')) return [record, sql];
      return /^INSERT INTO shop_migrations .*'First/.test(sql) ? 'DO 0' : sql;
    },
  },
  WITHOUT_MARK: { rewrite: (sql) => (/^UPDATE shop_migrations SET reverting/.test(sql) ? 'DO 0' : sql) },
  WITHOUT_REDO: {
    rewrite: (sql) => sql.replace(/^SELECT \* FROM (shop_migrations)/, 'SELECT $1.*, 0 AS reverting FROM $1'),
  },
  FORGET_FIRST: {
    rewrite: (sql) => {
      const forget = sql.replace(/^UPDATE (\S+) SET reverting = 1/, 'DELETE FROM $1');
      return forget === sql ? sql : [forget, sql];
    },
  },
  // Each step assumes that all earlier steps have run, and that it has not run itself
  STEPS_WITHOUT_A_LOOK: {
    migrations: migrations.map((migration) => ({
      ...migration,
      steps: migration.steps.map((step) => ({
        ...step,
        plan: (_live, server, words) => step.plan(declaredBy(all.slice(0, all.indexOf(step))), server, words),
      })),
    })),
  },
};

/** Guards that on a server a program with the mutation breaks the same formula as the model, and this package does not. */
it.each(
  model.mutations
    .filter(({ defines }) => !defines.includes('LATE'))
    .map((one) => [one.lacks, one.formula, one] as const),
)(
  'a program without %s breaks %s on the server, and the package does not',
  async (_lacks, formula, { defines }) => {
    const { steps, said } = await readCounterexample('migrate', defines, formula, folder);
    expect([await breaks(formula, steps, naive[defines[0]!]!), said]).toEqual([true, said]);
    expect([await breaks(formula, steps), said]).toEqual([false, said]);
  },
);

/** Guards what docs/migrations.md says: the server executes a late statement of a rollback, whichever run comes next. */
it.each(['recorded_is_there', 'finished'])(
  'the package breaks %s with LATE, as its documentation says',
  async (formula) => {
    const { steps, said } = await readCounterexample('migrate', ['LATE'], formula, folder);
    expect([await breaks(formula, steps), said]).toEqual([true, said]);
  },
);
