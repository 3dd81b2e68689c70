import type { BenchDatabase } from '../support/bench-database';
import { clock } from '../support/clock';
import { Load } from '../support/load/load';
import { dropKey } from './key';
import { measureRound, type Round } from './measure';
import { resultOf, type Result } from './summary';

/** Fills the table up to a number of rows, and measures every contestant on it under load. */
export async function measureSize(database: BenchDatabase, rows: number, rounds: number): Promise<Result> {
  const start = clock();
  await dropKey(database.session);
  await database.growTo(rows);
  console.error(`${database.label}: grown to ${rows} rows in ${((clock() - start) / 1000).toFixed(0)} s`);
  const load = await Load.connect(database.url, rows);
  try {
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      console.error(`round ${round + 1} of ${rounds}, ${database.label}, ${rows} rows`);
      const plain = measured.at(-1)?.plain.run;
      const plainMs = plain === undefined ? 0 : plain.to - plain.from;
      measured.push(await measureRound(database, load, round % 2 === 1, plainMs));
    }
    return resultOf(database.label, rows, measured);
  } finally {
    load.release();
  }
}
