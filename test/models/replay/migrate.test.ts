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
import { useDatabase } from '../../support/database';
import { temporaryFolder } from '../../support/temporary-folder';
import { makeVerifier, type ModelStep } from '../spin/search';
import { HeldMigrate, shop } from './held-migrate';
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

/** Whatever still runs from the steps before, dies. */
async function makePlayer(isStrict: boolean, rewrite?: (sql: string) => string): Promise<MigratePlayer> {
  await player?.end();
  await database.session.query('DROP TABLE IF EXISTS a, b');
  await database.session.query('DELETE FROM shop_migrations');
  player = new MigratePlayer(database.session, new HeldMigrate(opened, database.session, rewrite), isStrict);
  return player;
}

/**
 * Guards that the model `migrate` is one of this code: after each step of a walk, tables and history are what it says, and no
 * command does anything besides.
 */
it.each([[[]], [['RUNS=6']]])(
  'has the tables and the history that the model says after each step of walks with %p',
  async (defines) => {
    const verifier = await makeVerifier('migrate', defines, folder);
    await playWalks(verifier, Math.ceil(walks / 2), () => makePlayer(true));
  },
);

/** Whether what the formula says does not hold on the server. */
async function breaks(
  formula: string,
  steps: readonly ModelStep[],
  rewrite?: (sql: string) => string,
): Promise<boolean> {
  const player = await makePlayer(false, rewrite);
  let broken = false;
  let command = '';
  for (const step of steps) {
    await player.play(step);
    const { a, recorded1, recorded2, marked1, marked2, ...tables } = await player.state();
    if (/^(migrates|rolls)/.test(step.what)) command = step.what;
    const isThere = [recorded1 === '1' && marked1 === '0', recorded2 === '1' && marked2 === '0'];
    const isWhole = a === '1' && Object.values(tables).every((there) => there === '1');
    if (formula === 'recorded_is_there') broken ||= isThere[0]! && (a === '0' || (isThere[1]! && !isWhole));
    else if (command === 'migrates' && (step.what === 'returns' || step.who === 1))
      broken ||= !isWhole || isThere.includes(false);
  }
  return broken;
}

const marking = /^UPDATE shop_migrations SET reverting/;
/** Programs that lack what a mutation of the model lacks: ours without a word. */
const naive: readonly (readonly [string, string, (sql: string) => string])[] = [
  ['WITHOUT_MARK', 'recorded_is_there', (sql) => (marking.test(sql) ? 'DO 0' : sql)],
  [
    'WITHOUT_REDO',
    'finished',
    (sql) => sql.replace(/^SELECT \* FROM (shop_migrations)/, 'SELECT $1.*, 0 AS reverting FROM $1'),
  ],
];

/** Guards that what a mutation of the model breaks, a program that lacks the same breaks on a server; and ours does not. */
it.each(naive)('breaks with %s what %s says, and does not without', async (mutation, formula, rewrite) => {
  const { steps, said } = await readCounterexample('migrate', [mutation], formula, folder);
  expect([await breaks(formula, steps, rewrite), said]).toEqual([true, said]);
  expect([await breaks(formula, steps), said]).toEqual([false, said]);
});

/** Guards the bound that docs/migrations.md tells: a statement of a rollback that is on its way is executed, whoever is next. */
it.each(['recorded_is_there', 'finished'])(
  'breaks with LATE what %s says, as the documentation does',
  async (formula) => {
    const { steps, said } = await readCounterexample('migrate', ['LATE'], formula, folder);
    expect([await breaks(formula, steps), said]).toEqual([true, said]);
  },
);
