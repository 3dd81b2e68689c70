import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setupEngines } from './lib/engines.mjs';
import { Fault, runScript, say } from './lib/fault.mjs';
import { prepareTests, runJest } from './lib/jest.mjs';
import { requireTypeScript } from './lib/typescript.mjs';

/** The first is the server of `npm test`. */
const engines = [
  'default',
  'mariadb-11.8',
  'mysql-9.7',
  'galera',
  'group-replication',
  'group-multi-primary',
];
const suites = ['test/integration', 'test/fault', 'test/e2e/package/rolling.test.ts'];
/**
 * A single node is a server whose kill points have been tested already; a sample of them runs on the Galera cluster. On
 * Galera DDL also aborts what a program of the previous release does meanwhile.
 */
const leftOut = {
  galera: ['--testPathIgnorePatterns=test/(fault/kill-points|e2e/package/rolling)'],
  'group-replication': ['--testPathIgnorePatterns=test/fault/kill-points'],
  'group-multi-primary': ['--testPathIgnorePatterns=test/fault/kill-points'],
};

/** With `--differences`: the suites of what a server does differently from the first of its kind. */
const differences = {
  // Catalogs, collations, DDL, errors, and how transactions see each other: innodb_snapshot_isolation is on
  'mariadb-11.8': [
    'test/integration/(adopt|errors|keys|migrator|orphans|preflight|schema|server-settings|verify)/',
    'test/integration/(config/session-settings|data-source/hostile-servers|validation/server-failures)',
    'test/integration/repositories/(due-flows|executions|given-up|pending|retention|settle|stored|transactions)',
    'test/e2e/package/rolling',
  ],
  // Commits that fail at their end, DDL that aborts transactions, locks that hold on one node only, nodes that go away
  galera: [
    'test/fault/(clusters|galera)/',
    'test/fault/(claims|completions|key-race|killed-connections|many-processes)',
    'test/integration/(keys|migrator|preflight)/',
    'test/integration/(adopt/adopt|config/failover|errors/provoked|schema/catalog|verify/(false-alarms|limited))',
    'test/integration/orphans/(interrupted|other-sessions|restore|round-trip)',
    'test/integration/repositories/(due-flows|executions|given-up|settle|spellings|transactions)',
    'test/integration/nestjs/(driver-errors|shutdown)',
  ],
  // A primary that dies, members that refuse writes, the lock's row instead of GET_LOCK
  'group-replication': ['test/fault/clusters/'],
  // Writes of several members to one row, of which one loses at its COMMIT
  'group-multi-primary': ['test/fault/clusters/'],
};
const differencesFlag = '--differences';

const isEngine = (word) => engines.includes(word) || /^(mariadb|mysql)(-[\d.]+)?$/.test(word);

const environmentOf = (engine) => ({ PROTECTION_FLOWS_TEST_SERVER: engine === 'default' ? '' : engine });

/** Why the tests would not find the engine; null if they find it. */
async function faultOf(engine) {
  const { testInstallation } = requireTypeScript('test/support/test-installation.ts');
  Object.assign(process.env, environmentOf(engine));
  try {
    await testInstallation();
    return null;
  } catch (error) {
    return error.message;
  }
}

/** Installs the missing servers; the others stay as they are. */
async function ensureInstalled(wanted) {
  const missing = [];
  for (const engine of wanted) if ((await faultOf(engine)) !== null) missing.push(engine);
  if (missing.length === 0) return;
  say(`installing what is missing: ${missing.join(', ')}`);
  await setupEngines();
  for (const engine of missing) {
    const fault = await faultOf(engine);
    if (fault !== null) throw new Fault(fault, 'No test was run.', 'Name other engines.');
  }
}

/** The counts in jest's result file; question marks if it wrote none. */
function readCounts(file) {
  if (!existsSync(file)) return { suites: '?', passed: '?', failed: '?', skipped: '?' };
  const result = JSON.parse(readFileSync(file, 'utf8'));
  return {
    suites: result.numTotalTestSuites,
    passed: result.numPassedTests,
    // A file that does not load fails without a test
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests,
  };
}

/** Runs the tests on one engine, and once more if their shared cluster was lost: no test harms it, so that run says nothing about the code. */
async function testOn(engine, jestArgs, folder) {
  say(`\n== ${engine}`);
  const begun = Date.now();
  const file = join(folder, `${engine}.json`);
  const lost = join(folder, `${engine}.lost`);
  const run = () =>
    runJest([...jestArgs, '--json', `--outputFile=${file}`], {
      ...environmentOf(engine),
      PROTECTION_FLOWS_LOST_CLUSTER_FILE: lost,
    });
  let code = await run();
  if (code !== 0 && !isEnding && existsSync(lost)) {
    say('the cluster was lost, see above; running the tests once more');
    code = await run();
  }
  return { engine, ...readCounts(file), seconds: Math.round((Date.now() - begun) / 1000), code };
}

function table(rows) {
  const columns = ['engine', 'suites', 'passed', 'failed', 'skipped', 'seconds'];
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  const pad = (cell, index) => (index === 0 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]));
  return cells.map((line) => line.map(pad).join('  ')).join('\n');
}

let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (isEnding = true));

/**
 * Runs the tests that touch a database on one server after the other: the named servers, or all; with `--differences`
 * only the suites of what a server does differently. Other arguments go to jest instead of the suites' names.
 */
await runScript(async (args) => {
  const named = args.filter(isEngine);
  const others = args.filter((word) => !isEngine(word) && word !== differencesFlag);
  const suitesOf = (engine) => (args.includes(differencesFlag) && differences[engine]) || suites;
  const wanted = named.length === 0 ? engines : named;
  await prepareTests();
  await ensureInstalled(wanted);
  const folder = mkdtempSync(join(tmpdir(), 'pflows-engines-'));
  const rows = [];
  try {
    for (const engine of wanted) {
      const jestArgs = others.length === 0 ? [...suitesOf(engine), ...(leftOut[engine] ?? [])] : others;
      rows.push(await testOn(engine, jestArgs, folder));
      if (isEnding) break;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`\n${table(rows)}\n`);
  return isEnding || rows.some(({ code }) => code !== 0) ? 1 : 0;
});
