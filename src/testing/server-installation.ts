import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import type { Flavour } from '../engine/server/server';

/** A database server on this machine, and how to launch it. */
export interface ServerInstallation {
  readonly flavour: Flavour;
  /** Without suffixes, such as `10.11.14`. */
  readonly version: string;
  /** The server program; a path inside `chroot` where there is one. */
  readonly binary: string;
  /** MariaDB's program that makes a data directory. MySQL's server makes its own. */
  readonly installDbProgram?: string | undefined;
  /** The prefix of a server that does not lie where it was built for. */
  readonly basedir?: string | undefined;
  /** Where that server's shared libraries are. */
  readonly libraryPath?: string | undefined;
  /** A root file system of another distribution release. Launching inside it takes root. */
  readonly chroot?: string | undefined;
  /** Whom the server runs as where this process is root's. Default: root. */
  readonly user?: string | undefined;
  /** Where the programs are that the server calls, before the PATH. */
  readonly programFolder?: string | undefined;
}

/** A program with its arguments and environment, ready to be spawned. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** True where this process may act as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A mount namespace of its own, so that the mounts vanish with the program and need no clean-up. */
const enterChroot = `
mkdir -p "$0$1" && mount --bind "$1" "$0$1" && mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" || exit 1
root=$0; shift; exec chroot "$root" "$@"`;

/**
 * The command that runs one of the installation's programs. Everything under `sharedFolder` has the same path
 * for the program, in a chroot too.
 */
export function commandOf(
  installation: ServerInstallation,
  program: string,
  args: readonly string[],
  sharedFolder: string,
): Command {
  const env = { ...process.env };
  if (installation.libraryPath !== undefined) env['LD_LIBRARY_PATH'] = installation.libraryPath;
  const { chroot, programFolder } = installation;
  if (programFolder !== undefined) env['PATH'] = [programFolder, env['PATH']].join(delimiter);
  if (chroot === undefined) return { program, args, env };
  const inside = [chroot, sharedFolder, program, ...args];
  return { program: 'unshare', args: ['--mount', 'sh', '-c', enterChroot, ...inside], env };
}

/** The arguments that both the server and MariaDB's install program need to find their files. */
export function locationArguments({ basedir }: ServerInstallation): string[] {
  return basedir === undefined ? [] : [`--basedir=${basedir}`];
}

/**
 * Asks a server program for its flavour and version.
 * Returns null where it does not run, or is neither MariaDB nor MySQL.
 */
export async function identifyServer(
  location: Pick<ServerInstallation, 'binary' | 'libraryPath' | 'chroot'>,
): Promise<{ flavour: Flavour; version: string } | null> {
  const env = { ...process.env };
  if (location.libraryPath !== undefined) env['LD_LIBRARY_PATH'] = location.libraryPath;
  const [program, ...args] =
    location.chroot === undefined ? [location.binary] : ['chroot', location.chroot, location.binary];
  try {
    const { stdout } = await promisify(execFile)(program!, [...args, '--no-defaults', '--version'], { env });
    const version = /\bVer (\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
    if (version === undefined) return null;
    return { flavour: /mariadb/i.test(stdout) ? 'mariadb' : 'mysql', version };
  } catch {
    return null;
  }
}
