import { ensureDatabaseServer } from './lib/database-server.mjs';
import { runScript, say } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';
import { inProject } from './lib/project.mjs';
import { runQuietly } from './lib/run.mjs';

const buildInfo = inProject('node_modules', '.cache', 'typecheck.tsbuildinfo');

/** The program of each check, with its arguments. The slowest come first. */
const checks = {
  'unit tests': ['jest/bin/jest.js', '--selectProjects', 'unit', '--silent'],
  types: ['typescript/bin/tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', buildInfo],
  eslint: ['eslint/bin/eslint.js', '.', '--max-warnings', '0'],
  docblocks: ['typedoc/bin/typedoc', '--emit', 'none'],
  // Prettier ignores .cache but would walk it, while a server may be unpacked there
  prettier: ['prettier/bin/prettier.cjs', '--check', '--cache', '.', '!.cache'],
  'migrations against entities': ['ts-node/dist/bin.js', '--transpile-only', 'scripts/migration-check.ts'],
};

/** How many checks run at once: the cores of the smallest machine. */
const lanes = 2;

const secondsSince = (begun) => Math.round((performance.now() - begun) / 1000);

async function check(name, [program, ...args]) {
  const begun = performance.now();
  const { code, output } = await runQuietly(process.execPath, [inProject('node_modules', program), ...args]);
  say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${secondsSince(begun)} s)`);
  return code === 0 ? [] : [`\n== ${name}\n${output}`];
}

/**
 * Runs the quick checks of a change: lint, types, unit tests, migrations against entities. Words choose checks by the
 * beginning of their names.
 */
await runScript(async (words) => {
  const begun = performance.now();
  await ensureNodeModules();
  await ensureDatabaseServer();
  const isWanted = ([name]) => words.length === 0 || words.some((word) => name.startsWith(word));
  const left = Object.entries(checks).filter(isWanted);
  const failures = [];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      failures.push(...(await check(...next)));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const failure of failures) say(failure);
  say(
    `${failures.length === 0 ? 'all is well' : `${failures.length} failed`} after ${secondsSince(begun)} s`,
  );
  return failures.length === 0 ? 0 : 1;
});
