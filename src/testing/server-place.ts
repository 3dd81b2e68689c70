import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { isRoot, locationArguments, type ServerInstallation } from './server-installation';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/** Below the ports that systems give to outgoing connections, which would come and go; far from 3306. */
const firstPort = 20_000;
const lastPort = 32_000;

/** True when nothing listens on the loopback port. */
export async function isPortFree(port: number): Promise<boolean> {
  const listener = createServer();
  try {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    listener.close();
  }
}

/** jest and vitest number the workers of a run from 1; the run itself, and all else, has the first share. */
const shares = 8;
const ownShare = Math.abs(Number.parseInt(process.env['JEST_WORKER_ID'] ?? '0', 10)) % shares || 0;

/**
 * A loopback port that nothing listens on right now. Another process may take it in the next moment, though not
 * another worker of the same run of jest: each has ports of its own, so that a server which one of them has stopped
 * for a while finds its port free.
 */
export async function findFreePort(): Promise<number> {
  const size = Math.floor((lastPort - firstPort) / shares);
  const first = firstPort + ownShare * size;
  for (;;) {
    const port = randomInt(first, first + size);
    if (await isPortFree(port)) return port;
  }
}

/** The longest socket path that all systems take (macOS: 104 bytes with the final zero). */
const socketPathLimit = 100;

/** Where one server has its files and listens. */
interface ServerPlace {
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
    // Written at each commit, handed to the operating system, never synced: survives a crash of the server, not one of
    // the machine, and no DDL waits for the disk. debug-no-sync is for MariaDB's files that are not InnoDB's.
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-flush-method=nosync',
    '--loose-debug-no-sync',
  ];
  if (isRoot()) args.push(`--user=${installation.user ?? 'root'}`);
  if (installation.flavour === 'mysql') args.push('--mysqlx=OFF', '--secure-file-priv=');
  return args;
}

/** Makes the temporary folder of one server, where its socket's path is short enough. */
export async function createServerFolder(): Promise<string> {
  const fits = join(tmpdir(), 'pflows-XXXXXX', 'sock').length <= socketPathLimit;
  return mkdtemp(join(fits ? tmpdir() : '/tmp', 'pflows-'));
}
