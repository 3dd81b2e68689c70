import { ensureBrowser } from './lib/browser.mjs';
import { runScript } from './lib/fault.mjs';
import { prepareTests, runJest } from './lib/jest.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';

/** True if the arguments choose only unit tests, which need neither dist nor a server. */
function areUnitOnly(args) {
  const at = args.findIndex((arg) => arg === '--selectProjects');
  if (at >= 0) return args[at + 1] === 'unit' && (args[at + 2] ?? '-').startsWith('-');
  const paths = args.filter((arg) => !arg.startsWith('-'));
  return paths.length > 0 && paths.every((path) => /^(\.\/)?test\/unit(\/|$)/.test(path));
}

/** The models have a command of their own, which installs Spin. */
const withoutModels = ['--ignoreProjects', 'models'];

/** Sets up, builds, and runs jest with the arguments given. */
await runScript(async (args) => {
  if (areUnitOnly(args)) await ensureNodeModules();
  else {
    await prepareTests();
    await ensureBrowser();
  }
  return runJest([...args, ...withoutModels]);
});
