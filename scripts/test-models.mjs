import { ensureDatabaseServer } from './lib/database-server.mjs';
import { runScript } from './lib/fault.mjs';
import { runJest } from './lib/jest.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';
import { ensureSpin } from './lib/spin.mjs';

/** Searches the models of test/models, and replays their steps on a server. Arguments go to jest. */
await runScript(async (args) => {
  await ensureNodeModules();
  await ensureDatabaseServer();
  await ensureSpin();
  return runJest([...args, '--selectProjects', 'models']);
});
