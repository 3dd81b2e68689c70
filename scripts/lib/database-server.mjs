import { aptEnv } from './apt-get.mjs';
import { installSystemWide, unpackIntoProject } from './apt.mjs';
import { hasProgram, installCommand } from './distribution.mjs';
import { Fault, say } from './fault.mjs';
import { runQuietly } from './run.mjs';
import { requireTypeScript } from './typescript.mjs';

const oldestVersion = '10.11';

/** The server, and the package of my_print_defaults, without which mariadb-install-db does not run. */
const wish = {
  packages: ['mariadb-server-core', 'mariadb-client-core'],
  consequence: 'No database server was installed.',
  fix: 'Mend what apt names, or set DATABASE_URL to a running server.',
  assertFits,
};

async function candidateVersion(options) {
  const { output } = await runQuietly('apt-cache', [...options, 'policy', wish.packages[0]], aptEnv);
  return /Candidate: (?:\d+:)?(\d+\.\d+)/.exec(output)?.[1] ?? null;
}

/** @throws Fault if this release of the distribution has no server that is new enough. */
async function assertFits(options) {
  const version = await candidateVersion(options);
  if (version?.localeCompare(oldestVersion, 'en', { numeric: true }) >= 0) return;
  throw new Fault(
    version === null
      ? `apt offers no package ${wish.packages[0]}`
      : `apt offers MariaDB ${version}, older than ${oldestVersion}, the oldest that is supported`,
    wish.consequence,
    `Set DATABASE_URL to a MariaDB ${oldestVersion} or MySQL 8.4 server (a container will do), or PROTECTION_FLOWS_MYSQLD to the program of one.`,
  );
}

/** Installs the server's program, as root. Starts no service. */
async function installServerSystemWide() {
  if ((await candidateVersion([])) !== null) await assertFits([]);
  await installSystemWide(wish);
}

/** Searches with the package's own code, so that setup and the tests find the same servers. */
const finders = () => requireTypeScript('src/testing/server-installation.ts');

async function findServer() {
  const { getServerInstallation } = finders();
  try {
    return { installation: await getServerInstallation() };
  } catch (error) {
    if (error.code !== 'SERVER_NOT_FOUND') throw error;
    return { fault: error };
  }
}

async function installServer(fault) {
  if (process.env.PROTECTION_FLOWS_MYSQLD) {
    throw new Fault(fault.message, fault.consequence, 'Correct or unset PROTECTION_FLOWS_MYSQLD.');
  }
  if (hasProgram('apt-get')) {
    await (process.getuid?.() === 0 ? installServerSystemWide() : unpackIntoProject(wish, 'server'));
    return;
  }
  const command = installCommand();
  throw new Fault(
    fault.message,
    'The demo and the tests need one.',
    `${command === null ? 'Install MariaDB 10.11 or newer' : `Type \`${command}\``}, or set DATABASE_URL to a running server.`,
  );
}

/** Makes sure that a private database server can be started, unless DATABASE_URL names another. */
export async function ensureDatabaseServer() {
  const { fault } = await findServer();
  if (fault === undefined) return;
  if (process.env.DATABASE_URL) {
    say('found no database server to start; DATABASE_URL is used');
    return;
  }
  await installServer(fault);
  const { fault: still } = await findServer();
  if (still !== undefined) throw new Fault(still.message, still.consequence, still.remedy);
}

/**
 * Makes sure that the distribution's own MariaDB is installed, as root on Debian. A server in another release's root file
 * system does not count.
 */
export async function ensureDistributionServer() {
  const found = await finders().findServerInstallations({ flavour: 'mariadb' });
  if (!found.some(({ chroot }) => chroot === undefined)) await installServerSystemWide();
}
