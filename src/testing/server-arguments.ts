import { join } from 'node:path';
import { isRoot, locationArguments, type ServerInstallation } from './server-installation';

/** The longest socket path that all systems take (macOS: 104 bytes with the final zero). */
export const socketPathLimit = 100;

/** Where one server has its files and listens. */
export interface ServerPlace {
  readonly directory: string;
  readonly port: number;
  readonly socketPath: string;
}

/** The arguments of a private server, before the caller's own. */
export function serverArguments(installation: ServerInstallation, place: ServerPlace): string[] {
  const args = [
    '--no-defaults',
    ...locationArguments(installation),
    `--datadir=${join(place.directory, 'data')}`,
    // A starting MariaDB clears the #sql files of its tmpdir: in a shared one, those of its neighbours (seen on 11.8)
    `--tmpdir=${join(place.directory, 'data')}`,
    `--port=${place.port}`,
    `--socket=${place.socketPath}`,
    `--pid-file=${join(place.directory, 'pid')}`,
    `--init-file=${join(place.directory, 'accounts.sql')}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--skip-log-bin',
    // Written at each commit, synced once a second: survives a crash of the server, not one of the machine
    '--innodb-flush-log-at-trx-commit=2',
  ];
  if (isRoot()) args.push(`--user=${installation.user ?? 'root'}`);
  if (installation.flavour === 'mysql') args.push('--mysqlx=OFF', '--secure-file-priv=');
  return args;
}
