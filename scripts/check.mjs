import { ensureDatabaseServer } from './lib/database-server.mjs';
import { runScript, say } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';
import { inProject } from './lib/project.mjs';
import { runQuietly } from './lib/run.mjs';

const buildInfo = inProject('node_modules', '.cache', 'typecheck.tsbuildinfo');

/** Each program of a package, with its arguments; the longest come first. */
const checks = {
  'unit tests': ['jest/bin/jest.js', '--selectProjects', 'unit', '--silent'],
  types: ['typescript/bin/tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', buildInfo],
  eslint: ['eslint/bin/eslint.js', '.', '--max-warnings', '0'],
  docblocks: ['typedoc/bin/typedoc', '--emit', 'none'],
  // .cache is ignored, but Prettier would walk it, where a server may be in the making
  prettier: ['prettier/bin/prettier.cjs', '--check', '--cache', '.', '!.cache'],
  'migrations against entities': ['ts-node/dist/bin.js', '--transpile-only', 'scripts/migration-check.ts'],
};

/** So many run at once, as many as the smallest machine has cores. */
const lanes = 2;

const secondsSince = (begun) => Math.round((performance.now() - begun) / 1000);

async function check(name, [program, ...args]) {
  const begun = performance.now();
  const { code, output } = await runQuietly(process.execPath, [inProject('node_modules', program), ...args]);
  say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${secondsSince(begun)} s)`);
  return code === 0 ? [] : [`\n== ${name}\n${output}`];
}

/**
 * What can be known of a change in a minute or two: lint, types, unit tests, migrations against entities. Words choose
 * among them by how their names begin.
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
