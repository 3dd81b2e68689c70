import { setupEngines } from './lib/engines.mjs';
import { runScript } from './lib/fault.mjs';

/** The servers that `npm run test:engines` takes. */
await runScript(setupEngines);
