import { readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';

/** tmpfs folders of Linux that every user may write to. */
const folders = ['/dev/shm', '/tmp'];

/**
 * The most space that the tests' servers use at one time: three workers with a private server each (MariaDB 150 MB, MySQL 250
 * MB), or three clusters of three nodes (220 MB each), and the same again for rows.
 */
const wantedBytes = 4 * 1024 ** 3;

/** True for a tmpfs that allows running programs: a Galera node's scripts are in its folder. */
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

/** Finds a folder in memory with space for all servers of the tests; undefined if there is none. */
function findRamDisk(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return folders.find((folder) => isRamDisk(folder) && hasSpace(folder));
}

/**
 * Makes `tmpdir()` return a RAM disk from now on, also in the workers, if there is one: for private servers, nodes of a cluster
 * and folders of the tests. Does not change a TMPDIR that is already set.
 */
export function useRamDisk(): void {
  const folder = process.env['TMPDIR'] || findRamDisk();
  if (folder !== undefined) process.env['TMPDIR'] = folder;
}
