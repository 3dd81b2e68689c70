import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { isProtectionFlowsError } from '../../src/errors';
import type { TestDatabase } from '../support/database';

/** The errors after which a service repeats a call: its effect is unknown, or it certainly had none. */
const passing = ['CONNECTION_LOST', 'TRANSACTION_ABORTED'] as const;

/** How often calls were repeated, by the code of the error. */
export type Repeats = Record<(typeof passing)[number], number>;

/** The initial counts of repeats. */
export const noRepeats = (): Repeats => ({ CONNECTION_LOST: 0, TRANSACTION_ABORTED: 0 });

/** Makes the same call until it gets an answer, as a service does. */
export async function repeated<Result>(repeats: Repeats, call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const code = passing.find((one) => isProtectionFlowsError(error, one));
      if (code === undefined) throw error;
      repeats[code] += 1;
    }
  }
}

interface Process {
  readonly Id: number;
  readonly db: string | null;
}

const rowsOf = async <Row>(connection: Connection, sql: string): Promise<Row[]> =>
  (await connection.query(sql))[0] as unknown as Row[];

const idOf = async (connection: Connection): Promise<number> =>
  (await rowsOf<{ id: number }>(connection, 'SELECT CONNECTION_ID() AS id'))[0]!.id;

/**
 * Kills the database's connections, except the test's own, one after the other at random moments during `work`.
 *
 * @param random a source of numbers in [0, 1)
 * @param longestMs the longest time between two kills
 * @returns the number of killed connections
 */
export async function whileKilling(
  database: TestDatabase,
  { random, longestMs }: { readonly random: () => number; readonly longestMs: number },
  work: () => Promise<void>,
): Promise<number> {
  const killer = await database.connect();
  const spared = [await idOf(killer), await idOf(database.connection)];
  let isOver = false;
  let kills = 0;
  const kill = async (): Promise<void> => {
    while (!isOver) {
      await delay(random() * longestMs);
      const all = await rowsOf<Process>(killer, 'SHOW PROCESSLIST');
      const victims = all.filter(({ Id, db }) => db === database.name && !spared.includes(Id));
      const victim = victims[Math.floor(random() * victims.length)];
      if (victim === undefined) continue;
      await killer.query(`KILL ${victim.Id}`).then(
        () => (kills += 1),
        // The connection has already closed
        () => undefined,
      );
    }
  };
  const killing = kill();
  try {
    await work();
  } finally {
    isOver = true;
    await killing;
  }
  return kills;
}
