import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Twice the size of a server's data, and some rows. */
const size = '1200m';

/** A separate file system in memory. It can be filled without harm to others. */
export interface SmallDisk {
  readonly folder: string;
  /** Calls `work` with `tmpdir()` on this file system. */
  within<Result>(work: () => Promise<Result>): Promise<Result>;
  unmount(): void;
}

/** Mounts a small disk; returns null if this user may not mount. */
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
      // Lazily, because a program of the server may not have ended yet
      execFileSync('umount', ['-l', folder]);
      rmdirSync(folder);
    },
  };
}
