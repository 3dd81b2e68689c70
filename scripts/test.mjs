import { ensureBuilt } from './lib/build.mjs';
import { ensureDatabaseServer } from './lib/database-server.mjs';
import { runScript } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';
import { inProject } from './lib/project.mjs';
import { runNode } from './lib/run.mjs';

/** Sets up, builds (the end-to-end tests run dist), and runs jest with the arguments given. */
await runScript(async (args) => {
  await ensureNodeModules();
  await ensureDatabaseServer();
  await ensureBuilt();
  const jest = inProject('node_modules', 'jest', 'bin', 'jest.js');
  return runNode([jest, ...args], { ...process.env, NODE_ENV: 'test' });
});
