import type { Connection } from 'mysql2/promise';
import { ensureLeaseTable } from '../../../src/engine/session/lease-table';
import { useDatabase } from '../../support/database';
import { temporaryFolder } from '../../support/temporary-folder';
import { lease } from '../models';
import { makeVerifier, type ModelStep } from '../spin/search';
import { LeasePlayer } from './lease-player';
import { leaseTable, LeaseRun } from './lease-run';
import { playWalks, readCounterexample, walks } from './trails';

let player: LeasePlayer | undefined;
// Before the hook of useDatabase drops the database
afterAll(() => player?.end());

const database = useDatabase({ platform: 'none' });
const folder = temporaryFolder();
const runIds = [0, 1, 2];
let gates: Connection[];

beforeAll(async () => {
  const { session } = database;
  await ensureLeaseTable(session, leaseTable);
  await session.query(
    'CREATE TABLE gates (run int PRIMARY KEY, passed int NOT NULL DEFAULT 0) ENGINE=InnoDB',
  );
  await session.query('INSERT INTO gates (run) VALUES (0), (1), (2)');
  gates = await Promise.all(runIds.map(() => database.connect()));
  for (const [run, gate] of gates.entries()) {
    await gate.query('SET SESSION autocommit = 0');
    await gate.query('SELECT run FROM gates WHERE run = ? FOR UPDATE', [run]);
  }
});

/** Kills the runs of the previous steps, and makes a player for these steps. */
async function makePlayer(
  steps: readonly ModelStep[],
  defines: readonly string[],
  options: { isStrict: boolean; rewrite?: (sql: string) => string },
): Promise<LeasePlayer> {
  await player?.end();
  await database.session.query(`UPDATE ${leaseTable} SET owner = NULL, expires_at = NULL`);
  const runs = runIds.map(
    (id) =>
      new LeaseRun({
        database,
        id,
        node: defines.includes('ONE_SERVER') ? null : Math.floor(id / 2),
        gate: gates[id]!,
        ...(options.rewrite && { rewrite: options.rewrite }),
      }),
  );
  player = new LeasePlayer(database, runs, steps, options.isStrict);
  return player;
}

/** Guards that the model `lease` describes this code: after each step of a walk, both locks and the lease are as in the model. */
it.each([
  [['CLOCK', 'DIES=0', 'STOPS=1']],
  [['CLOCK', 'DIES=2', 'STOPS=0']],
  [['ONE_SERVER', 'CLOCK', 'DIES=0', 'STOPS=1']],
])(
  'the server has the locks and the lease of the model after each step of walks with %p',
  async (defines) => {
    const verifier = await makeVerifier('lease', defines, folder);
    await playWalks(verifier, Math.ceil(walks / 3), (steps) =>
      makePlayer(steps, defines, { isStrict: true }),
    );
  },
);

const replace =
  (where: RegExp, text: RegExp, by: string) =>
  (sql: string): string =>
    where.test(sql) ? sql.replace(text, by) : sql;
const taking = /^UPDATE \S+ SET owner = \?/;
const asking = /^SELECT 1 FROM/;
const whoever = '(owner = ? OR TRUE)';

/** For each mutation of the model: this package with a word missing in a statement, so that it lacks the same. */
const naive: Readonly<Record<string, (sql: string) => string>> = {
  WITHOUT_LEASE: (sql) =>
    replace(asking, /^[\s\S]*$/, 'SELECT 1')(replace(taking, /AND \(owner IS NULL OR/, 'AND (TRUE OR')(sql)),
  WITHOUT_FENCE: replace(asking, /^[\s\S]*$/, 'SELECT 1'),
  RENEW_WITHOUT_OWNER: replace(/^UPDATE \S+ SET expires_at/, /owner = \?/, whoever),
  RELEASE_WITHOUT_OWNER: replace(/^UPDATE \S+ SET owner = NULL/, /owner = \?/, whoever),
  WITHOUT_MARGIN: replace(asking, / \+ INTERVAL \d+ MICROSECOND/, ''),
  TAKE_WITHOUT_NODE: replace(taking, /node = \?\s+OR/, "node = CONCAT(?, '!') OR"),
  TAKE_WITHOUT_TIME: replace(taking, /OR NOT COALESCE\(.*\)\)$/s, ')'),
};

/** True if playing the steps breaks the formula on the server. */
async function breaks(
  formula: string,
  steps: readonly ModelStep[],
  defines: readonly string[],
  rewrite?: (sql: string) => string,
): Promise<boolean> {
  const player = await makePlayer(steps, defines, { isStrict: false, ...(rewrite && { rewrite }) });
  /** A run that stood still may have sent one more statement. */
  const mayStop = runIds.filter((run) => defines.includes(`STOPS=${run}`));
  let together = 0;
  for (const step of steps) {
    await player.play(step);
    together = Math.max(together, [...player.underWay].filter((run) => !mayStop.includes(run)).length);
  }
  // Another run must take the lock: at once, or after the dead run's lease, which expires within the trail
  const others = formula === 'at_once' ? 1 : 2;
  const goesOn = async (): Promise<boolean> => {
    await player.play({ who: others, what: 'take', argument: null, state: {} });
    return (await player.state())['owner'] === String(others);
  };
  const broken: Readonly<Record<string, () => boolean | Promise<boolean>>> = {
    one_at_a_time: () => together > 1,
    no_other: () => player.late.some((count) => count > 1),
    at_once: async () => !(await goesOn()),
    runs_out: async () => !(await goesOn()),
  };
  return broken[formula]!();
}

/** Guards that on a server a program with the mutation breaks the same formula as the model, and this package does not. */
it.each(lease.mutations.map((one) => [one.lacks, one.formula, one] as const))(
  'a program without %s breaks %s on the server, and the package does not',
  async (_lacks, formula, { defines, isFair }) => {
    const [mutation] = defines;
    const { steps, said } = await readCounterexample('lease', defines, formula, folder, isFair);
    expect([await breaks(formula, steps, defines, naive[mutation!]), said]).toEqual([true, said]);
    expect([await breaks(formula, steps, defines), said]).toEqual([false, said]);
  },
);
