import { build } from './lib/build.mjs';
import { runScript } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';

/** Compiles src to dist. */
await runScript(async () => {
  await ensureNodeModules();
  await build();
});
