import { ensureBuilt } from './lib/build.mjs';
import { ensureDatabaseServer } from './lib/database-server.mjs';
import { runScript } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';
import { inProject } from './lib/project.mjs';
import { runNode } from './lib/run.mjs';

/** Sets up, builds, and runs the demo with the arguments given. */
await runScript(async (args) => {
  await ensureNodeModules();
  await ensureDatabaseServer();
  await ensureBuilt();
  return runNode([inProject('dist', 'cli', 'main.js'), 'demo', ...args]);
});
