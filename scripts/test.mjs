import { runScript } from './lib/fault.mjs';
import { prepareTests, runJest } from './lib/jest.mjs';

/** Sets up, builds, and runs jest with the arguments given. */
await runScript(async (args) => {
  await prepareTests();
  return runJest(args);
});
