import { ensureDatabaseServer } from './lib/database-server.mjs';
import { runScript } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';

/** Installs what is missing: the packages, and a database server for the demo and the tests. */
await runScript(async () => {
  await ensureNodeModules();
  await ensureDatabaseServer();
});
