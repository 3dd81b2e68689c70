import type { Connection } from 'mysql2/promise';
import { openDatabase, type OpenDatabase } from '../../../src/engine';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { temporaryFolder } from '../../support/temporary-folder';
import { makeVerifier, type ModelStep } from '../spin/search';
import { HeldMigrate, shop } from './held-migrate';
import { KeyPlayer } from './key-player';
import { playWalks, readCounterexample, walks } from './trails';

const database = useDatabase({ platform: 'none' });
const folder = temporaryFolder();
let opened: OpenDatabase;
let writers: Connection[];

/** On MySQL, ALTER TABLE waits for transactions on the parent too. */
const ofServer = (): string[] => (sharedServer().flavour === 'mysql' ? ['MYSQL'] : []);

beforeAll(async () => {
  opened = await openDatabase(shop(), database.settings);
  writers = await Promise.all([0, 1].map(() => database.connect()));
  for (const writer of writers) await writer.query('SET SESSION autocommit = 0');
});
afterAll(() => opened?.close());

/** Guards that the model `keys` is one of this code: after each step of a walk, rows and keys are what the model says. */
it(`has the rows and the key that the model says after each step of ${walks} walks`, async () => {
  const verifier = await makeVerifier('keys', ofServer(), folder);
  await playWalks(verifier, walks, () => {
    const migrate = new HeldMigrate(opened, database.session);
    return Promise.resolve(new KeyPlayer(database.session, writers, migrate, true));
  });
});

/** Statements that find no orphan, once the key is there. */
function blindAfterAdd(): (sql: string) => string {
  let isThere = false;
  return (sql) => {
    isThere ||= sql.includes('ADD CONSTRAINT');
    return isThere && sql.startsWith('SELECT d.value') ? sql.replace(/LIMIT \d+$/, 'LIMIT 0') : sql;
  };
}

/** Programs that lack what a mutation of the model lacks, made of ours. */
const naive: readonly {
  mutation: string;
  formula: 'own_name_proves' | 'none_left_standing';
  rewrite: () => (sql: string) => string;
}[] = [
  { mutation: 'SCAN_BEFORE_ADD', formula: 'own_name_proves', rewrite: blindAfterAdd },
  {
    mutation: 'SCAN_COMMITTED_ONLY',
    formula: 'own_name_proves',
    rewrite: () => (sql) => (sql.endsWith('READ UNCOMMITTED') ? 'DO 0' : sql),
  },
  {
    mutation: 'OWN_NAME_AT_ONCE',
    formula: 'own_name_proves',
    rewrite: () => (sql) =>
      sql.replace('ADD CONSTRAINT `fk_children_parent_unproven`', 'ADD CONSTRAINT `fk_children_parent`'),
  },
  {
    mutation: 'LEFT_STANDING',
    formula: 'none_left_standing',
    rewrite: () => (sql) => (/^ALTER TABLE \S+ DROP FOREIGN KEY/.test(sql) ? 'DO 0' : sql),
  },
];

/** Whether a key stands over an orphan, or unproven, where the formula says that it does not. */
async function breaks(
  formula: string,
  steps: readonly ModelStep[],
  rewrite?: (sql: string) => string,
): Promise<boolean> {
  const player = new KeyPlayer(
    database.session,
    writers,
    new HeldMigrate(opened, database.session, rewrite),
    false,
  );
  let broken = false;
  const look = async (): Promise<void> => {
    const { key, parent, child0, child1 } = await player.state();
    const isOrphan = parent === '0' && (child0 === '1' || child1 === '1');
    broken ||= formula === 'own_name_proves' && key!.includes('own') && isOrphan;
  };
  for (const step of steps) {
    await player.play(step);
    await look();
  }
  await player.end();
  await look();
  return broken || (formula === 'none_left_standing' && (await player.state()).key === 'unproven');
}

/** Guards that what a mutation of the model breaks, a program that lacks the same breaks on a server; and ours does not. */
it.each(naive.map((one) => [one.mutation, one.formula, one] as const))(
  'breaks with %s what %s says, and does not without',
  async (mutation, formula, { rewrite }) => {
    // MySQL waits for who has deleted the parent: there, nothing is to be seen before it is committed
    const isMySql = ofServer().length > 0;
    if (mutation === 'SCAN_COMMITTED_ONLY' && isMySql) return;
    const defines = [mutation, ...ofServer()];
    const { steps, said } = await readCounterexample('keys', defines, formula, folder);
    expect([await breaks(formula, steps, rewrite()), said]).toEqual([true, said]);
    expect([await breaks(formula, steps), said]).toEqual([false, said]);
  },
);
