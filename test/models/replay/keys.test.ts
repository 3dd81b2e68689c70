import type { Connection } from 'mysql2/promise';
import { openDatabase, type OpenDatabase } from '../../../src/engine';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { temporaryFolder } from '../../support/temporary-folder';
import { keys as model } from '../models';
import { makeVerifier, type ModelStep } from '../spin/search';
import { HeldMigrate, shop } from './held-migrate';
import type { Rewrite } from './held-session';
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

const makePlayer = (defines: readonly string[], isStrict: boolean, rewrite?: Rewrite): KeyPlayer =>
  new KeyPlayer(database.session, writers, new HeldMigrate(opened, database.session, rewrite), {
    isStrict,
    orphans: defines.includes('QUARANTINE') ? 'quarantine' : 'report',
  });

/** Guards that the model `keys` describes this code: after each step of a walk, rows and keys are as in the model. */
it.each([[[]], [['QUARANTINE']]])(
  'the server has the rows and the key of the model after each step of walks with %p',
  async (defines: string[]) => {
    const verifier = await makeVerifier('keys', [...ofServer(), ...defines], folder);
    await playWalks(verifier, walks, () => Promise.resolve(makePlayer(defines, true)));
  },
);

/** Changes a search for orphans so that it finds none. */
const blind = (sql: string): string =>
  sql.startsWith('SELECT d.value') ? sql.replace(/LIMIT \d+$/, 'LIMIT 0') : sql;

/** The search finds no orphan after the key was added. */
function blindAfterAdd(): Rewrite {
  let isThere = false;
  return (sql) => {
    isThere ||= sql.includes('ADD CONSTRAINT');
    return isThere ? blind(sql) : sql;
  };
}

/** The search finds no orphan under a key that a dead run added. */
function blindWhereResumed(): Rewrite {
  let hasAdded = false;
  let isUnderKey = false;
  return (sql) => {
    if (sql.includes('GET_LOCK')) hasAdded = isUnderKey = false;
    hasAdded ||= sql.includes('ADD CONSTRAINT');
    isUnderKey ||= sql.endsWith('READ UNCOMMITTED');
    return isUnderKey && !hasAdded ? blind(sql) : sql;
  };
}

/** The program searches committed rows only, once instead of twice. */
function oneLook(): Rewrite {
  let looks = 0;
  return (sql) => {
    if (sql.endsWith('READ UNCOMMITTED')) {
      looks = 0;
      return 'DO 0';
    }
    if (!sql.startsWith('SELECT d.value')) return sql;
    looks += 1;
    return looks === 2 ? blind(sql) : sql;
  };
}

/** For each mutation of the model: this package with changed statements, so that it lacks the same. */
const naive: Readonly<Record<string, () => Rewrite>> = {
  SCAN_BEFORE_ADD: blindAfterAdd,
  SCAN_COMMITTED_ONLY: oneLook,
  OWN_NAME_AT_ONCE: () => (sql) =>
    sql.replace('ADD CONSTRAINT `fk_children_parent_unproven`', 'ADD CONSTRAINT `fk_children_parent`'),
  RESUME_WITHOUT_SCAN: blindWhereResumed,
  NAME_IN_TWO_STATEMENTS: () => (sql) => {
    const [, alter, add, drop] =
      /^(ALTER TABLE \S+ )(ADD CONSTRAINT `fk_children_parent` .*), (DROP FOREIGN KEY `\w+`)/.exec(sql) ?? [];
    return alter === undefined ? sql : [`${alter}${drop}`, `${alter}${add}`];
  },
  SET_ASIDE_WITHOUT_COPY: () => (sql) =>
    sql.startsWith('INSERT INTO `shop_orphans_children`') ? [sql, 'DELETE FROM shop_orphans_children'] : sql,
  WAIT_FOR_ORPHANS: () => (sql) =>
    sql.startsWith('SELECT COUNT(*) AS n, SUM(o.n)') ? `${sql} LIMIT 0` : sql,
  LEFT_STANDING: () => (sql) => (/^ALTER TABLE \S+ DROP FOREIGN KEY/.test(sql) ? 'DO 0' : sql),
};

/** True if playing the steps breaks the formula on the server. */
async function breaks(
  formula: string,
  steps: readonly ModelStep[],
  defines: readonly string[],
  rewrite?: Rewrite,
): Promise<boolean> {
  const player = makePlayer(defines, false, rewrite);
  const was = new Set<number>();
  const seen = { ownOverOrphan: false, lost: false };
  const look = async (): Promise<void> => {
    const { key, parent, ...state } = await player.state();
    const [children, aside] = ['child', 'aside'].map((name) =>
      [0, 1].map((at) => state[`${name}${at}`] === '1'),
    );
    seen.ownOverOrphan ||= key!.includes('own') && parent === '0' && children!.includes(true);
    seen.lost ||= [...was].some((at) => children![at] === aside![at]);
    for (const at of [0, 1]) if (children![at]) was.add(at);
  };
  let isEndless = false;
  try {
    for (const step of steps) {
      await player.play(step);
      await look();
    }
    isEndless = formula === 'ends' && (await player.isEndless());
  } finally {
    await player.end();
  }
  await look();
  const broken: Readonly<Record<string, boolean>> = {
    own_name_proves: seen.ownOverOrphan,
    // The key gets its own name after the check, so this shows a check that was not final
    final: seen.ownOverOrphan,
    none_left_standing: (await player.state()).key === 'unproven',
    nothing_lost: seen.lost,
    ends: isEndless,
  };
  return broken[formula]!;
}

/** Guards that on a server a program with the mutation breaks the same formula as the model, and this package does not. */
it.each(model.mutations.map((one) => [one.lacks, one.formula, one] as const))(
  'a program without %s breaks %s on the server, and the package does not',
  async (_lacks, formula, { defines, isFair }) => {
    const all = [...ofServer(), ...defines];
    // A search shows that this mutation breaks nothing on MySQL
    if (model.searches.some((search) => search.defines.join(' ') === all.join(' '))) return;
    const { steps, said } = await readCounterexample('keys', all, formula, folder, isFair);
    expect([await breaks(formula, steps, all, naive[defines[0]!]?.()), said]).toEqual([true, said]);
    expect([await breaks(formula, steps, all), said]).toEqual([false, said]);
  },
);
