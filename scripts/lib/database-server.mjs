import { createRequire } from 'node:module';
import { installSystemWide, unpackIntoProject } from './apt.mjs';
import { hasProgram, installCommand } from './distribution.mjs';
import { Fault, say } from './fault.mjs';
import { inProject } from './project.mjs';

const require = createRequire(import.meta.url);

/** The package's own eyes, so that what setup finds is what the tests find. Needs node_modules. */
function finders() {
  require('ts-node').register({ transpileOnly: true, project: inProject('tsconfig.json') });
  return require('../../src/testing/server-installation.ts');
}

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
    throw new Fault(fault.message, fault.consequence, 'Mend or unset PROTECTION_FLOWS_MYSQLD.');
  }
  if (hasProgram('apt-get')) {
    await (process.getuid?.() === 0 ? installSystemWide() : unpackIntoProject());
    return;
  }
  const command = installCommand();
  throw new Fault(
    fault.message,
    'The demo and the tests need one.',
    `${command === null ? 'Install MariaDB 10.11 or newer' : `Type \`${command}\``}, or set DATABASE_URL to a running server.`,
  );
}

/** Makes sure that a private database server can be started, unless DATABASE_URL names one to use. */
export async function ensureDatabaseServer() {
  const { fault } = await findServer();
  if (fault === undefined) return;
  if (process.env.DATABASE_URL) {
    say('no database server to start here: DATABASE_URL is used');
    return;
  }
  await installServer(fault);
  const { fault: still } = await findServer();
  if (still !== undefined) throw new Fault(still.message, still.consequence, still.remedy);
}

/**
 * Makes sure that the distribution's own MariaDB is there, as root on Debian; one inside another release's root file
 * system is none.
 */
export async function ensureDistributionServer() {
  const found = await finders().findServerInstallations({ flavour: 'mariadb' });
  if (!found.some(({ chroot }) => chroot === undefined)) await installSystemWide();
}
