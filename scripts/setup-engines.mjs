import { setupEngines } from './lib/engines.mjs';
import { runScript } from './lib/fault.mjs';

/** Installs the servers of `npm run test:engines`. */
await runScript(setupEngines);
