import { ensureBuilt } from './build.mjs';
import { ensureDatabaseServer } from './database-server.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { inProject } from './project.mjs';
import { runNode } from './run.mjs';

/** Sets up what tests need, and builds: the end-to-end tests run dist. */
export async function prepareTests() {
  await ensureNodeModules();
  await ensureDatabaseServer();
  await ensureBuilt();
}

/** Each test file loads all modules anew: with more room for what is young, the workers collect less often. */
const nodeFlags = ['--max-semi-space-size=64'];

/** Runs jest with this terminal as its own. Resolves to its exit code. */
export function runJest(args, env = {}) {
  const jest = inProject('node_modules', 'jest', 'bin', 'jest.js');
  return runNode([...nodeFlags, jest, ...args], { ...process.env, NODE_ENV: 'test', ...env });
}
