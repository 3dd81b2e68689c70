import { runScript } from './lib/fault.mjs';
import { prepareTests } from './lib/jest.mjs';
import { inProject } from './lib/project.mjs';
import { runNode } from './lib/run.mjs';

/** Sets up, builds, and runs histories on real servers with the given arguments; the checker judges them. */
await runScript(async (args) => {
  await prepareTests();
  const register = inProject('test', 'support', 'register-swc.js');
  return runNode(['-r', register, inProject('test', 'histories', 'main.ts'), ...args]);
});
