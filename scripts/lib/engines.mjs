import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { installSystemWide } from './apt.mjs';
import { ensureBrowser } from './browser.mjs';
import { ensureDistributionServer } from './database-server.mjs';
import { hasProgram } from './distribution.mjs';
import { Fault, say } from './fault.mjs';
import { ensureGalera } from './galera.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { ensureLinters } from './linters.mjs';
import { inProject } from './project.mjs';
import { lastLines, runQuietly } from './run.mjs';

/** Servers of other Debian releases. */
const engines = [
  { name: 'mariadb-11.8', release: 'trixie', packages: 'mariadb-server-core,mariadb-client-core' },
  { name: 'mysql-9.7', release: 'sid', packages: 'mysql-server-core,mysql-client-core' },
];

const attempts = 3;
const folder = inProject('.cache', 'engines');
const nothingMade = 'The engines that were made stay; the tests run against the others only.';

async function ensureDebootstrap() {
  if (hasProgram('debootstrap')) return;
  await installSystemWide({ packages: ['debootstrap'], consequence: nothingMade });
}

async function ensureEngine({ name, release, packages }) {
  const root = `${folder}/${name}`;
  if (existsSync(root)) return;
  // Not in their folder: everything in there counts as a server
  const partial = inProject('.cache', `engine-${name}.${process.pid}`);
  for (let attempt = 1; ; attempt += 1) {
    const args = ['--variant=minbase', `--include=${packages}`, release, partial];
    const { code, output } = await runQuietly('debootstrap', args);
    if (code === 0) break;
    rmSync(partial, { recursive: true, force: true });
    if (attempt < attempts) continue;
    throw new Fault(
      `debootstrap of ${release} failed:\n  ${lastLines(output)}`,
      nothingMade,
      'Run the command again.',
    );
  }
  rmSync(`${partial}/var/cache/apt/archives`, { recursive: true, force: true });
  chmodSync(partial, 0o755);
  mkdirSync(folder, { recursive: true });
  renameSync(partial, root);
  say(`made .cache/engines/${name}`);
}

/**
 * Installs what the tests use: the distribution's server, also as a cluster; the root file systems of other servers;
 * database linters and a browser. What is installed stays.
 */
export async function setupEngines() {
  if (process.getuid?.() !== 0) {
    throw new Fault(
      'only root can make and enter the file systems of other releases',
      nothingMade,
      'Run as root, on Debian.',
    );
  }
  await ensureNodeModules();
  await ensureDebootstrap();
  const ofThisSystem = async () => {
    await ensureDistributionServer();
    await ensureGalera();
    await ensureLinters();
    await ensureBrowser();
  };
  // Each root file system has its own package lock
  const ended = await Promise.allSettled([...engines.map(ensureEngine), ofThisSystem()]);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
