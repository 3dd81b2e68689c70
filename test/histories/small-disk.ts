import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As much as a server's data, twice, and some rows. */
const size = '1200m';

/** A file system in memory of its own, which can be filled without harm to others. */
export interface SmallDisk {
  readonly folder: string;
  /** Calls with `tmpdir()` on it. */
  within<Result>(work: () => Promise<Result>): Promise<Result>;
  unmount(): void;
}

/** Mounts one; null where this user may not. */
export function mountSmallDisk(): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'pflows-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=1777`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
  } catch {
    rmdirSync(folder);
    return null;
  }
  return {
    folder,
    async within(work) {
      const before = process.env['TMPDIR'];
      process.env['TMPDIR'] = folder;
      try {
        return await work();
      } finally {
        if (before === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = before;
      }
    },
    unmount() {
      // Lazily, where a program of the server has not ended yet
      execFileSync('umount', ['-l', folder]);
      rmdirSync(folder);
    },
  };
}
