import { execFile } from 'node:child_process';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Flavour, versionFloors } from '../engine/server/server';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { choice, declareArguments, id, optional, options } from '../arguments';
import { ProtectionFlowsError } from '../errors';

/** A database server on this machine, and how to launch it. */
export interface ServerInstallation {
  readonly flavour: Flavour;
  /** Without suffixes, such as `10.11.14`. */
  readonly version: string;
  /** The server program; a path inside `chroot` if that is given. */
  readonly binary: string;
  /** MariaDB's program that makes a data directory. MySQL's server makes its own. */
  readonly installDbProgram?: string | undefined;
  /** The prefix of a server that was moved away from the folder it was built for. */
  readonly basedir?: string | undefined;
  /** Where that server's shared libraries are. */
  readonly libraryPath?: string | undefined;
  /** A root file system of another distribution release. Launching inside it takes root. */
  readonly chroot?: string | undefined;
  /** The account that the server runs as if this process runs as root. Default: root. */
  readonly user?: string | undefined;
  /** The folder of the programs that the server calls; it is searched before the PATH. */
  readonly programFolder?: string | undefined;
}

type Identity = Pick<ServerInstallation, 'flavour' | 'version'>;
type Location = Omit<ServerInstallation, keyof Identity>;

/** A program with its arguments and environment, ready to be spawned. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** True if this process runs as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function environmentOf({ libraryPath }: Location): NodeJS.ProcessEnv {
  return libraryPath === undefined ? { ...process.env } : { ...process.env, LD_LIBRARY_PATH: libraryPath };
}

/**
 * Runs in its own mount namespace: the mounts vanish with the program and need no clean-up. The shared folder is mounted
 * after /dev, because it may lie inside /dev.
 */
const enterChroot = `
mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" && mkdir -p "$0$1" && mount --bind "$1" "$0$1" || exit 1
root=$0; shift; exec chroot "$root" "$@"`;

/**
 * Returns the command that runs one of the installation's programs. The program sees `sharedFolder` under the same
 * path, also in a chroot.
 */
export function commandOf(
  installation: ServerInstallation,
  program: string,
  args: readonly string[],
  sharedFolder: string,
): Command {
  const env = environmentOf(installation);
  const { chroot, programFolder } = installation;
  if (programFolder !== undefined) env['PATH'] = [programFolder, env['PATH']].join(delimiter);
  if (chroot === undefined) return { program, args, env };
  const inside = [chroot, sharedFolder, program, ...args];
  return { program: 'unshare', args: ['--mount', 'sh', '-c', enterChroot, ...inside], env };
}

/** The arguments by which the server and MariaDB's install program find their files. */
export function locationArguments({ basedir }: ServerInstallation): string[] {
  return basedir === undefined ? [] : [`--basedir=${basedir}`];
}

/** Returns a server program's flavour and version; null if it does not run or is neither MariaDB nor MySQL. */
async function identifyServer(location: Location): Promise<Identity | null> {
  const { binary, chroot } = location;
  const [program, ...args] = chroot === undefined ? [binary] : ['chroot', chroot, binary];
  const env = environmentOf(location);
  try {
    const { stdout } = await promisify(execFile)(program!, [...args, '--no-defaults', '--version'], { env });
    const version = /\bVer (\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
    if (version === undefined) return null;
    return { flavour: /mariadb/i.test(stdout) ? 'mariadb' : 'mysql', version };
  } catch {
    return null;
  }
}

/** Which server is wanted. Nothing given: the first one found. */
export interface ServerWish {
  readonly flavour?: Flavour | undefined;
  /** The beginning of its version, such as `10.11` or `9`. */
  readonly version?: string | undefined;
}

/** Reads the fields of a {@link ServerWish}. */
export const wishReaders = {
  flavour: optional(choice<Flavour>(['mariadb', 'mysql'])),
  version: optional(id),
};

const serverNames = ['mariadbd', 'mysqld'];
const installDbNames = ['mariadb-install-db', 'mysql_install_db'];

/** Where package managers put servers, besides the PATH: Debian, Fedora, Homebrew, MySQL's own packages. */
const usualFolders = [
  ...['/usr/sbin', '/usr/libexec', '/usr/local/sbin'],
  ...['/opt/homebrew/bin', '/opt/homebrew/opt/mariadb/bin', '/opt/homebrew/opt/mysql/bin'],
  ...['/usr/local/bin', '/usr/local/opt/mariadb/bin', '/usr/local/opt/mysql/bin', '/usr/local/mysql/bin'],
];

const packageRoot = resolve(__dirname, '..', '..');
/** Where `npm run setup` unpacks a server for a user who is not root. */
const unpackedServer = join(packageRoot, '.cache', 'server');
/** Where `npm run setup:engines` puts the root file systems of other servers. */
const chrootsFolder = join(packageRoot, '.cache', 'engines');

function searchPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

/** Finds MariaDB's install program, with my_print_defaults, which it calls first: Debian packages them separately. */
function findInstallDbProgram(binary: string, root = ''): string | undefined {
  const beside = dirname(binary);
  const folders = [beside, join(beside, '..', 'bin'), join(beside, '..', 'scripts'), '/usr/bin'];
  if (root === '') folders.push(...searchPath());
  return folders
    .filter((folder) =>
      ['', '../bin'].some((bin) => existsSync(root + join(folder, bin, 'my_print_defaults'))),
    )
    .flatMap((folder) => installDbNames.map((name) => join(folder, name)))
    .find((program) => existsSync(root + program));
}

function* systemLocations(): Generator<Location> {
  const seen = new Set<string>();
  for (const folder of [...searchPath(), ...usualFolders]) {
    for (const name of serverNames) {
      const binary = join(folder, name);
      if (!existsSync(binary) || seen.has(realpathSync(binary))) continue;
      seen.add(realpathSync(binary));
      yield { binary, installDbProgram: findInstallDbProgram(binary) };
    }
  }
}

function* unpackedLocations(): Generator<Location> {
  const basedir = join(unpackedServer, 'usr');
  const libraryPath = [join(basedir, 'lib'), join(unpackedServer, 'lib')]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((folder) => /-linux-gnu[^/]*$/.test(folder))
    .join(delimiter);
  for (const name of serverNames) {
    const binary = join(basedir, 'sbin', name);
    if (!existsSync(binary)) continue;
    yield { binary, installDbProgram: findInstallDbProgram(binary), basedir, libraryPath };
    return;
  }
}

function* chrootLocations(): Generator<Location> {
  if (!isRoot() || !existsSync(chrootsFolder)) return;
  for (const name of readdirSync(chrootsFolder).sort()) {
    const chroot = join(chrootsFolder, name);
    const binary = serverNames.map((server) => `/usr/sbin/${server}`).find((it) => existsSync(chroot + it));
    if (binary !== undefined) {
      yield { binary, installDbProgram: findInstallDbProgram(binary, chroot), chroot };
    }
  }
}

function* locations(): Generator<Location> {
  const named = process.env['PROTECTION_FLOWS_MYSQLD'];
  if (named !== undefined && named !== '') {
    yield { binary: named, installDbProgram: findInstallDbProgram(named) };
    return;
  }
  yield* systemLocations();
  yield* unpackedLocations();
  yield* chrootLocations();
}

function isSupported({ flavour, version }: Identity): boolean {
  return version.localeCompare(versionFloors[flavour], 'en', { numeric: true }) >= 0;
}

function isWished(found: Identity, wish: ServerWish): boolean {
  return (
    (wish.flavour === undefined || found.flavour === wish.flavour) &&
    (wish.version === undefined || `${found.version}.`.startsWith(`${wish.version}.`))
  );
}

async function* installations(wish: ServerWish, rejected: string[] = []): AsyncGenerator<ServerInstallation> {
  for (const location of locations()) {
    const identity = await identifyServer(location);
    const label = `${location.chroot ?? ''}${location.binary}`;
    if (identity === null) rejected.push(`${label} does not run or is no database server`);
    else if (!isSupported(identity)) {
      rejected.push(`${label} is ${identity.version}, older than ${versionFloors[identity.flavour]}`);
    } else if (identity.flavour === 'mariadb' && location.installDbProgram === undefined) {
      rejected.push(`${label} lacks mariadb-install-db or its my_print_defaults`);
    } else if (isWished(identity, wish)) yield { ...location, ...identity };
  }
}

const readWish = declareArguments('wish', { wish: options(wishReaders) });

/**
 * Finds every usable server on this machine that fits the wish, the preferred one first.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for an invalid wish
 */
export async function findServerInstallations(wish?: ServerWish): Promise<ServerInstallation[]> {
  const found: ServerInstallation[] = [];
  for await (const installation of installations(readWish({ wish }).wish)) found.push(installation);
  return found;
}

function wayToGetOne(): string {
  if (existsSync(join(packageRoot, 'scripts', 'setup.mjs'))) return 'Type `npm run setup`';
  if (process.platform === 'darwin') return 'Type `brew install mariadb`';
  return 'Install a server (on Debian: `apt-get install mariadb-server-core mariadb-client-core`)';
}

/**
 * Finds the preferred server on this machine that fits the wish. If `PROTECTION_FLOWS_MYSQLD` names a server program,
 * only that one is considered.
 *
 * @throws ProtectionFlowsError SERVER_NOT_FOUND, with the unusable servers in `details.rejected`; VALIDATION_FAILED for
 * an invalid wish
 */
export async function getServerInstallation(given?: ServerWish): Promise<ServerInstallation> {
  const { wish } = readWish({ wish: given });
  const rejected: string[] = [];
  for await (const installation of installations(wish, rejected)) return installation;
  const wanted = [wish.flavour ?? 'MariaDB or MySQL', wish.version].filter(Boolean).join(' ');
  throw new ProtectionFlowsError('SERVER_NOT_FOUND', {
    message: [`no ${wanted} server was found on this machine`, ...rejected].join('; '),
    remedy: `${wayToGetOne()}, set PROTECTION_FLOWS_MYSQLD to a server's program, or DATABASE_URL to a running server.`,
    details: { wish: { ...wish }, rejected },
  });
}
