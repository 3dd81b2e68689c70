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

/** A small log in the template: a server that wants a larger one makes it at its start. */
const templateLogSize = '--innodb-log-file-size=8M';

const youngestEatenMs = 24 * 60 * 60 * 1000;

function initialisation(installation: ServerInstallation, directory: string): [string, string[]] {
  const user = isRoot() ? ['--user=root'] : [];
  const common = ['--no-defaults', ...locationArguments(installation), `--datadir=${directory}`, ...user];
  if (installation.flavour === 'mysql') return [installation.binary, [...common, '--initialize-insecure']];
  return [
    installation.installDbProgram!,
    // --force: do not insist on a resolvable host name
    [...common, '--auth-root-authentication-method=normal', '--skip-test-db', '--force', templateLogSize],
  ];
}

async function initialise(installation: ServerInstallation, directory: string, shared: string) {
  const command = commandOf(installation, ...initialisation(installation, directory), shared);
  await promisify(execFile)(command.program, command.args, { env: command.env });
  // The server's UUID: each copy shall get one of its own
  await rm(join(directory, 'auto.cnf'), { force: true });
}

/** This user's folder for templates, or null where the place is not this user's to trust. */
async function ensureTemplatesFolder(): Promise<string | null> {
  const folder = join(tmpdir(), `protection-flows-servers-${process.getuid?.() ?? 'user'}`);
  await mkdir(folder, { mode: 0o700, recursive: true });
  const found = await lstat(folder);
  return found.isDirectory() && found.uid === process.getuid?.() ? folder : null;
}

async function templateName(installation: ServerInstallation): Promise<string> {
  const { flavour, version, binary, chroot = '' } = installation;
  const { mtimeMs, size } = await stat(chroot + binary);
  const identity = createHash('sha256').update(JSON.stringify([chroot, binary, mtimeMs, size]));
  return `${flavour}-${version}-${identity.digest('hex').slice(0, 12)}`;
}

async function findTemplate(installation: ServerInstallation): Promise<string | null> {
  const folder = await ensureTemplatesFolder();
  return folder === null ? null : join(folder, await templateName(installation));
}

/**
 * Removes the installation's template where it is so old that a cleaner of temporary folders may have eaten half
 * of it. Returns whether it did, so whether another attempt can end differently.
 */
export async function forgetOldDataTemplate(installation: ServerInstallation): Promise<boolean> {
  const template = await findTemplate(installation);
  if (template === null || !existsSync(template)) return false;
  const { birthtimeMs } = await stat(template);
  if (Date.now() - birthtimeMs < youngestEatenMs) return false;
  await rm(template, { recursive: true, force: true });
  return true;
}

/** The accounts of a new server: root with a password, from this machine only. */
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
 * Makes the data of a new server in its folder, and the file of its accounts. The data are a copy of an earlier server's
 * where this installation has made one. Safe to be called by many processes at once.
 */
export async function createData(
  installation: ServerInstallation,
  folder: string,
  password: string,
): Promise<void> {
  await createDataDirectory(installation, join(folder, 'data'), dirname(folder));
  await writeFile(join(folder, 'accounts.sql'), accounts(password), { mode: 0o600 });
}

/** @param shared the folder above `directory` that the server sees under the same path */
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
  // Only one of several processes succeeds: a folder is not renamed onto one that has files
  await rename(copy, template).catch(() => rm(copy, { recursive: true, force: true }));
}
