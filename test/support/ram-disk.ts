import { readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';

/** tmpfs folders of Linux that every user may write to. */
const folders = ['/dev/shm', '/tmp'];

/**
 * What the tests' servers take at most at one time: three workers with a private server each (MariaDB 150 MB, MySQL
 * 250 MB), or three clusters of three nodes (220 MB each), and as much again for rows.
 */
const wantedBytes = 4 * 1024 ** 3;

/** True for a tmpfs from which programs may be run: a Galera node's scripts lie in its folder. */
function isRamDisk(folder: string): boolean {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, path]) => path === folder);
  return mount?.[2] === 'tmpfs' && /^rw,/.test(mount[3] ?? '') && !/\bnoexec\b/.test(mount[3] ?? '');
}

function hasSpace(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return Math.min(bavail * bsize, freemem()) >= wantedBytes;
}

/** A folder in memory with space for all servers of the tests; undefined where this machine has none. */
function findRamDisk(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return folders.find((folder) => isRamDisk(folder) && hasSpace(folder));
}

/**
 * Lets everything that asks for `tmpdir()` from here on, in the workers too, have a RAM disk where there is one:
 * private servers, nodes of a cluster, folders of the tests. A TMPDIR that is set stays.
 */
export function useRamDisk(): void {
  const folder = process.env['TMPDIR'] || findRamDisk();
  if (folder !== undefined) process.env['TMPDIR'] = folder;
}
