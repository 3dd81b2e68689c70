import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptEnv, installing, updateAndRun } from './apt-get.mjs';
import { Fault, say } from './fault.mjs';
import { inProject } from './project.mjs';
import { lastLines, runQuietly } from './run.mjs';

/** The server, and the package of my_print_defaults, without which mariadb-install-db does not run. */
const packages = ['mariadb-server-core', 'mariadb-client-core'];
const oldestVersion = '10.11';

const nothingInstalled = 'No database server was installed.';

async function candidateVersion(options) {
  const { output } = await runQuietly('apt-cache', [...options, 'policy', packages[0]], aptEnv);
  return /Candidate: (?:\d+:)?(\d+\.\d+)/.exec(output)?.[1] ?? null;
}

/** @throws Fault where this release of the distribution has no server that is new enough. */
async function assertCandidate(options) {
  const version = await candidateVersion(options);
  if (version?.localeCompare(oldestVersion, 'en', { numeric: true }) >= 0) return;
  throw new Fault(
    version === null
      ? `apt offers no package ${packages[0]}`
      : `apt offers MariaDB ${version}, older than ${oldestVersion}, the oldest that is supported`,
    nothingInstalled,
    `Set DATABASE_URL to a MariaDB ${oldestVersion} or MySQL 8.4 server (a container will do), or PROTECTION_FLOWS_MYSQLD to the program of one.`,
  );
}

async function updateAndInstall(options, install) {
  const { code, output } = await updateAndRun(install, { options });
  if (code === 0) return;
  await assertCandidate(options);
  throw new Fault(
    `apt-get could not install ${packages.join(' and ')}:\n  ${lastLines(output)}`,
    nothingInstalled,
    'Mend what apt names, or set DATABASE_URL to a running server.',
  );
}

/** Installs the server's program, as root. Starts no service. */
export async function installSystemWide() {
  if ((await candidateVersion([])) !== null) await assertCandidate([]);
  await updateAndInstall([], installing(...packages));
  say(`installed ${packages.join(' and ')}`);
}

/** Unpacks the server and what it needs into the project's .cache, as any user; nothing on the system changes. */
export async function unpackIntoProject() {
  const state = inProject('.cache', 'apt');
  const archives = join(state, 'cache', 'archives');
  for (const folder of [join(state, 'lists', 'partial'), join(archives, 'partial')]) {
    mkdirSync(folder, { recursive: true });
  }
  const options = [
    `Dir::State=${state}`,
    `Dir::State::lists=${join(state, 'lists')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(state, 'cache')}`,
    `Dir::Cache::archives=${archives}`,
    'Dir::Log=/dev/null',
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option]);
  const download = [...installing(...packages), '--download-only', '--reinstall'];
  await updateAndInstall(options, download);
  await assertCandidate(options);

  const partial = inProject('.cache', `server.${process.pid}`);
  mkdirSync(partial, { recursive: true });
  for (const archive of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    const { code, output } = await runQuietly('dpkg-deb', ['-x', join(archives, archive), partial]);
    if (code !== 0)
      throw new Fault(`${archive}: ${lastLines(output)}`, nothingInstalled, 'Type the command again.');
  }
  rmSync(inProject('.cache', 'server'), { recursive: true, force: true });
  renameSync(partial, inProject('.cache', 'server'));
  rmSync(state, { recursive: true, force: true });
  say('unpacked a MariaDB server into .cache/server');
}
