import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  findServerInstallations,
  isRoot,
  type ServerInstallation,
} from '../../src/testing/server-installation';
import { packageFolder } from './run-program';

/** The parts of a Galera cluster on this machine. */
export interface GaleraInstallation {
  readonly server: ServerInstallation;
  /** The user that the nodes must run as; undefined for this process's user. */
  readonly user: string | undefined;
  /** The Galera library, which makes a server a node. */
  readonly provider: string;
  /** The folder of `wsrep_sst_rsync`, which copies a node's data to a joining node. */
  readonly scripts: string;
}

/** The paths of Debian's, MariaDB's and Fedora's packages. */
const providers = ['/usr/lib/galera', '/usr/lib64/galera-4', '/usr/lib64/galera'].map(
  (folder) => `${folder}/libgalera_smm.so`,
);

/** The folder in which `npm run setup:engines` puts the scripts, and the folder of the complete package. */
const scriptFolders = [join(packageFolder, '.cache', 'galera'), '/usr/bin'];

/** Not root: rsync's daemon gives up root's rights, and then could not read the data. */
function unprivilegedUser(): string {
  return /^mysql:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'mysql' : 'nobody';
}

/** @throws if this machine lacks a part */
export async function getGaleraInstallation(): Promise<GaleraInstallation> {
  const servers = await findServerInstallations({ flavour: 'mariadb' });
  // The library belongs to this system, so the server must belong to it too
  const server = servers.find(({ chroot, libraryPath }) => chroot === undefined && libraryPath === undefined);
  const provider = providers.find((path) => existsSync(path));
  const scripts = scriptFolders.find((folder) => existsSync(join(folder, 'wsrep_sst_rsync')));
  if (server === undefined || provider === undefined || scripts === undefined) {
    throw new Error(
      'no Galera cluster can be started on this machine; type `npm run setup:engines`, as root',
    );
  }
  return { server, user: isRoot() ? unprivilegedUser() : undefined, provider, scripts };
}
