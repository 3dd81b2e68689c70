import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  findServerInstallations,
  isRoot,
  type ServerInstallation,
} from '../../src/testing/server-installation';
import { packageFolder } from './run-program';

/** What it takes to form a Galera cluster on this machine. */
export interface GaleraInstallation {
  readonly server: ServerInstallation;
  /** Whom the nodes have to run as; undefined for this process's own user. */
  readonly user: string | undefined;
  /** The library that makes a server a node. */
  readonly provider: string;
  /** The folder of `wsrep_sst_rsync`, which copies a node's data to one that joins. */
  readonly scripts: string;
}

/** Debian's, and that of MariaDB's and Fedora's packages. */
const providers = ['/usr/lib/galera', '/usr/lib64/galera-4', '/usr/lib64/galera'].map(
  (folder) => `${folder}/libgalera_smm.so`,
);

/** Where `npm run setup:engines` puts the scripts, and where the whole package has them. */
const scriptFolders = [join(packageFolder, '.cache', 'galera'), '/usr/bin'];

/** Not root, from whom rsync's daemon turns away, so that it could not read the data. */
function unprivilegedUser(): string {
  return /^mysql:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'mysql' : 'nobody';
}

/** @throws where this machine lacks a part */
export async function getGaleraInstallation(): Promise<GaleraInstallation> {
  const servers = await findServerInstallations({ flavour: 'mariadb' });
  // The library is this system's, so the server has to be
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
