import { execFile } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { constants, existsSync } from 'node:fs';
import { cp, lstat, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { quoteText } from '../engine/server/queryable';
import { commandOf, isRoot, locationArguments, type ServerInstallation } from './server-installation';

/** Below the range that systems use for outgoing connections, where ports come and go; far from 3306. */
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

/** Jest and Vitest number the workers of a run from 1. Any other process has number 0, and the first share of the ports. */
const shares = 8;
const ownShare = Math.abs(Number.parseInt(process.env['JEST_WORKER_ID'] ?? '0', 10)) % shares || 0;

/**
 * Finds a loopback port that nothing listens on right now. Another process may take it in the next moment. Another
 * worker of the same jest run does not: each worker has its own ports, so that a server which a test stops finds its
 * port free at its restart.
 */
export async function findFreePort(): Promise<number> {
  const size = Math.floor((lastPort - firstPort) / shares);
  const first = firstPort + ownShare * size;
  for (;;) {
    const port = randomInt(first, first + size);
    if (await isPortFree(port)) return port;
  }
}

/** The longest socket path that every system accepts (macOS: 104 bytes with the final zero). */
const socketPathLimit = 100;

/** One server's folder, port and socket. */
interface ServerPlace {
  readonly directory: string;
  readonly port: number;
  readonly socketPath: string;
}

/** Returns the arguments of a private server, without the caller's own. */
export function serverArguments(installation: ServerInstallation, place: ServerPlace): string[] {
  const args = [
    '--no-defaults',
    ...locationArguments(installation),
    `--datadir=${join(place.directory, 'data')}`,
    // A starting MariaDB deletes the #sql files in its tmpdir. In a shared tmpdir these may be another server's (seen on 11.8)
    `--tmpdir=${join(place.directory, 'data')}`,
    `--port=${place.port}`,
    `--socket=${place.socketPath}`,
    `--pid-file=${join(place.directory, 'pid')}`,
    `--init-file=${join(place.directory, 'accounts.sql')}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--skip-log-bin',
    // The server writes its log at each commit and never syncs it, so no DDL waits for the disk. Commits survive a crash
    // of the server, not of the machine. debug-no-sync is for MariaDB's files that are not InnoDB's.
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-flush-method=nosync',
    '--loose-debug-no-sync',
  ];
  if (isRoot()) args.push(`--user=${installation.user ?? 'root'}`);
  if (installation.flavour === 'mysql') args.push('--mysqlx=OFF', '--secure-file-priv=');
  return args;
}

/** Makes the temporary folder of one server: in /tmp if the usual place makes the socket's path too long. */
export async function createServerFolder(): Promise<string> {
  const fits = join(tmpdir(), 'pflows-XXXXXX', 'sock').length <= socketPathLimit;
  return mkdtemp(join(fits ? tmpdir() : '/tmp', 'pflows-'));
}

/** Cleaners of temporary folders leave younger templates alone. */
const oldTemplateMs = 24 * 60 * 60 * 1000;

const ofInstallDb = [
  '--auth-root-authentication-method=normal',
  '--skip-test-db',
  // Accepts a host name that cannot be resolved
  '--force',
  // Keeps the template small. A server that wants a larger log makes it at its start
  '--innodb-log-file-size=8M',
];

async function initialise(installation: ServerInstallation, directory: string, shared: string) {
  const { flavour, binary, installDbProgram } = installation;
  const args = ['--no-defaults', ...locationArguments(installation), `--datadir=${directory}`];
  if (isRoot()) args.push('--user=root');
  args.push(...(flavour === 'mysql' ? ['--initialize-insecure'] : ofInstallDb));
  const program = flavour === 'mysql' ? binary : installDbProgram!;
  const command = commandOf(installation, program, args, shared);
  await promisify(execFile)(command.program, command.args, { env: command.env });
  // It holds the server's UUID: each copy must make its own
  await rm(join(directory, 'auto.cnf'), { force: true });
}

/**
 * Returns where the installation's template is or will be, and makes the folder for it. Null if that folder is a link or
 * another user's, and cannot be trusted.
 */
async function findTemplate(installation: ServerInstallation): Promise<string | null> {
  const folder = join(tmpdir(), `protection-flows-servers-${process.getuid?.() ?? 'user'}`);
  await mkdir(folder, { mode: 0o700, recursive: true });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) return null;
  const { flavour, version, binary, chroot = '' } = installation;
  const { mtimeMs, size } = await stat(chroot + binary);
  const identity = createHash('sha256').update(JSON.stringify([chroot, binary, mtimeMs, size]));
  return join(folder, `${flavour}-${version}-${identity.digest('hex').slice(0, 12)}`);
}

/**
 * Removes the installation's template if it is more than a day old: a cleaner of temporary folders may have deleted
 * some of its files. Returns whether it removed one; then another attempt may succeed.
 */
export async function forgetOldDataTemplate(installation: ServerInstallation): Promise<boolean> {
  const template = await findTemplate(installation);
  if (template === null || !existsSync(template)) return false;
  const { birthtimeMs } = await stat(template);
  if (Date.now() - birthtimeMs < oldTemplateMs) return false;
  await rm(template, { recursive: true, force: true });
  return true;
}

/** The SQL that makes the accounts of a new server: root with a password, from this machine only. */
function accounts(password: string): string {
  const secret = quoteText(password);
  return [
    `DROP USER IF EXISTS 'root'@'127.0.0.1'`,
    `CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY ${secret}`,
    `GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY ${secret}`,
    '',
  ].join(';\n');
}

/**
 * Makes the data directory of a new server in its folder, and the file of its accounts. Copies this installation's
 * template if there is one, and makes it otherwise. Many processes may call it at once.
 */
export async function createData(
  installation: ServerInstallation,
  folder: string,
  password: string,
): Promise<void> {
  await createDataDirectory(installation, join(folder, 'data'), dirname(folder));
  await writeFile(join(folder, 'accounts.sql'), accounts(password), { mode: 0o600 });
}

/** @param shared the folder above `directory`; the server sees it under the same path */
async function createDataDirectory(
  installation: ServerInstallation,
  directory: string,
  shared: string,
): Promise<void> {
  const template = await findTemplate(installation);
  if (template !== null && existsSync(template)) {
    await cp(template, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
    return;
  }
  await initialise(installation, directory, shared);
  if (template === null) return;
  const copy = `${directory}.copy`;
  await cp(directory, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
  // Only the first of several processes succeeds: rename() refuses a target folder that has files
  await rename(copy, template).catch(() => rm(copy, { recursive: true, force: true }));
}
