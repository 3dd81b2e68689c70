import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { declareArguments, options } from '../arguments';
import { ProtectionFlowsError } from '../errors';
import { versionFloors, type Flavour } from '../engine/server/server';
import { wishReaders } from './arguments';
import { identifyServer, isRoot, type ServerInstallation } from './server-installation';

/** Which server is wanted. Nothing given: the first one found. */
export interface ServerWish {
  readonly flavour?: Flavour | undefined;
  /** The beginning of its version, such as `10.11` or `9`. */
  readonly version?: string | undefined;
}

type Location = Omit<ServerInstallation, 'flavour' | 'version'>;

const serverNames = ['mariadbd', 'mysqld'];
const installDbNames = ['mariadb-install-db', 'mysql_install_db'];

/** Where package managers put servers, besides the PATH: Debian, Fedora, Homebrew, MySQL's own packages. */
const usualFolders = [
  '/usr/sbin',
  '/usr/libexec',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
  '/opt/homebrew/opt/mysql/bin',
  '/usr/local/bin',
  '/usr/local/opt/mariadb/bin',
  '/usr/local/opt/mysql/bin',
  '/usr/local/mysql/bin',
];

const packageRoot = resolve(__dirname, '..', '..');
/** Where `npm run setup` unpacks a server for a user who is not root. */
const unpackedServer = join(packageRoot, '.cache', 'server');
/** Where `npm run setup:engines` puts the root file systems of other servers. */
const chrootsFolder = join(packageRoot, '.cache', 'engines');

function searchPath(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

/** MariaDB's install program, where the program that it calls first is there too: Debian packages them apart. */
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

function isSupported({ flavour, version }: { flavour: Flavour; version: string }): boolean {
  return version.localeCompare(versionFloors[flavour], 'en', { numeric: true }) >= 0;
}

function isWished(found: { flavour: Flavour; version: string }, wish: ServerWish): boolean {
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
 * Every usable server on this machine that fits the wish, the preferred one first.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for a wish that is none
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
 * The preferred server on this machine that fits the wish. `PROTECTION_FLOWS_MYSQLD` names the only one to look at.
 *
 * @throws ProtectionFlowsError SERVER_NOT_FOUND, with what was found and not usable in `details.rejected`;
 * VALIDATION_FAILED for a wish that is none.
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
