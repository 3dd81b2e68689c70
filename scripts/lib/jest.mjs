import { ensureBuilt } from './build.mjs';
import { ensureDatabaseServer } from './database-server.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { inProject } from './project.mjs';
import { runNode } from './run.mjs';

/** Installs what tests need, and builds dist, which the end-to-end tests run. */
export async function prepareTests() {
  await ensureNodeModules();
  await ensureDatabaseServer();
  await ensureBuilt();
}

/** Each test file loads all modules again: a larger young generation makes garbage collections rarer. */
const nodeFlags = ['--max-semi-space-size=64'];

/** Runs jest with this terminal as its own. Resolves to its exit code. */
export function runJest(args, env = {}) {
  const jest = inProject('node_modules', 'jest', 'bin', 'jest.js');
  return runNode([...nodeFlags, jest, ...args], { ...process.env, NODE_ENV: 'test', ...env });
}
