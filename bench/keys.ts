import { dropKey } from './keys/key';
import { measureRound, type Round } from './keys/measure';
import { benchOptions } from './keys/options';
import { comparison, explanation, growth } from './keys/report';
import { resultOf, type Result } from './keys/summary';
import { BenchDatabase } from './support/bench-database';
import { clock } from './support/clock';
import { Load } from './support/load/load';

const { servers } = benchOptions(process.env);

async function measureSize(database: BenchDatabase, rows: number, rounds: number): Promise<Result> {
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

/** Adding a key to a busy table: how long writers are held up and how long it takes, ours and the plain ALTER. */
async function main(): Promise<void> {
  const results: Result[] = [];
  console.log(`${explanation()}\n`);
  for (const { wish, sizes } of servers) {
    const database = await BenchDatabase.start(wish);
    try {
      for (const { rows, rounds } of sizes) {
        const result = await measureSize(database, rows, rounds);
        results.push(result);
        console.log(`${comparison(result)}\n`);
      }
    } finally {
      await database.stop();
    }
  }
  console.log(growth(results));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
