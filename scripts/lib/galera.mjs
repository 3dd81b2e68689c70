import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { updateAndRun } from './apt-get.mjs';
import { installSystemWide } from './apt.mjs';
import { hasProgram } from './distribution.mjs';
import { Fault, say } from './fault.mjs';
import { inProject } from './project.mjs';
import { lastLines, runQuietly } from './run.mjs';

/**
 * The wsrep provider; lsof and ps, which the scripts of a state transfer call; a proxy for tests of a cluster, whose
 * service listens to nothing as Debian configures it; and netfilter, which loses messages between nodes.
 */
const packages = ['galera-4', 'rsync', 'lsof', 'procps', 'haproxy', 'nftables'];
const provider = '/usr/lib/galera/libgalera_smm.so';

/** Not in .cache/engines, where every folder counts as a server. */
const folder = inProject('.cache', 'galera');
/** The package with the scripts of a state transfer. It is only unpacked: installing it would start a server. */
const scriptsPackage = 'mariadb-server';

const consequence = 'The tests do not run on a Galera cluster; on the other servers they do.';

const failed = (what, output) =>
  new Fault(
    `${what}:\n  ${lastLines(output)}`,
    consequence,
    'Correct what apt names, and run the command again.',
  );

async function ensurePackages() {
  if (existsSync(provider) && ['rsync', 'lsof', 'ps', 'haproxy', 'nft'].every(hasProgram)) return;
  await installSystemWide({ packages, consequence });
}

async function ensureScripts() {
  if (existsSync(folder)) return;
  const partial = inProject('.cache', `galera.${process.pid}`);
  const scripts = join(partial, 'scripts');
  mkdirSync(scripts, { recursive: true });
  try {
    const download = await updateAndRun(['download', scriptsPackage], { cwd: partial });
    if (download.code !== 0) throw failed(`apt-get could not download ${scriptsPackage}`, download.output);
    const archive = readdirSync(partial).find((name) => name.endsWith('.deb'));
    const unpacked = await runQuietly('dpkg-deb', ['-x', join(partial, archive), join(partial, 'root')]);
    if (unpacked.code !== 0) throw failed(archive, unpacked.output);
    const programs = join(partial, 'root', 'usr', 'bin');
    for (const name of readdirSync(programs).filter((it) => it.startsWith('wsrep_sst_'))) {
      copyFileSync(join(programs, name), join(scripts, name));
    }
    renameSync(scripts, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  say('unpacked the scripts of a state transfer into .cache/galera');
}

/** Makes sure, as root on Debian, that the distribution's MariaDB can form a Galera cluster. Starts no service. */
export async function ensureGalera() {
  await ensurePackages();
  await ensureScripts();
}
