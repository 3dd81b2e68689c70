import { startPrivateServer } from '../src/testing';
import { measureServer } from './migrate/measure';
import { migrateOptions } from './migrate/options';
import { explanation, serverReport } from './migrate/report';

/** Measures whole processes that migrate an empty database, or have nothing to do: this package, TypeORM's CLI, the floor. */
async function main(): Promise<void> {
  const { servers, turns } = migrateOptions(process.env);
  console.log(`${explanation(turns)}\n`);
  for (const wish of servers) {
    const server = await startPrivateServer(wish);
    try {
      console.log(`${serverReport(await measureServer(server, turns))}\n`);
    } finally {
      await server.stop();
    }
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
