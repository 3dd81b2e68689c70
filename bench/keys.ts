import { benchOptions } from './keys/options';
import { comparison, explanation, growth } from './keys/report';
import { measureSize } from './keys/size';
import type { Result } from './keys/summary';
import { BenchDatabase } from './support/bench-database';

const { servers } = benchOptions(process.env);

/** Measures how long adding a key to a busy table takes and blocks writers: this package and the plain ALTER. */
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
