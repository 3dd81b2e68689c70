import { accessSync, closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';

/** What the operating system's refusal means, in words. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ELOOP: 'its symbolic links go round in a circle',
  ENAMETOOLONG: 'its path is too long',
};

/** A file's text, or why it could not be read. */
export type FileText =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly reason: string; readonly missing: boolean; readonly cause: unknown };

/** More than any configuration, password or list of authorities has: what is longer is another file, or never ends. */
const longestFile = 1024 * 1024;

interface Content {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

/** Not readFileSync: of a device or a pipe that never ends, no more is read than a file may be long. */
function read(path: string): Content {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(longestFile + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < bytes.length; length += more) {
      more = readSync(file, bytes, length, bytes.length - length, null);
    }
    return { bytes: bytes.subarray(0, length), stats: fstatSync(file) };
  } finally {
    closeSync(file);
  }
}

function decoded(path: string, bytes: Buffer): FileText {
  const refused = (reason: string, cause?: unknown): FileText => ({ path, reason, missing: false, cause });
  if (bytes.length > longestFile) return refused(`it is longer than ${longestFile} bytes`);
  try {
    // With ignoreBOM off, a byte order mark at its beginning is left out
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    return refused('it is not UTF-8 text', cause);
  }
}

function readWith(file: string, baseDirectory: string, look: (path: string, stats: Stats) => void): FileText {
  const path = resolve(baseDirectory, file);
  try {
    const { bytes, stats } = read(path);
    look(path, stats);
    return decoded(path, bytes);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    return {
      path,
      reason: reasons[code] ?? `reading it failed (${code})`,
      missing: code === 'ENOENT',
      cause,
    };
  }
}

/**
 * Reads a file of at most {@link longestFile} bytes of UTF-8, named relative to `baseDirectory`. Never throws: a
 * failure is a value, told with other faults.
 */
export function readText(file: string, baseDirectory: string): FileText {
  return readWith(file, baseDirectory, () => undefined);
}

/** The same for a file that holds a secret, with a warning where every user of the machine may read it. */
export function readSecretFile(file: string, baseDirectory: string): FileText {
  return readWith(file, baseDirectory, warnIfOpen);
}

const warned = new Set<string>();

/**
 * What an orchestrator mounts (Docker, Kubernetes: 0444 and 0644 by default) is read-only, and its mode not for its
 * reader to choose; who shares the container may read it anyway. Of pipes and devices the mode says nothing.
 */
function warnIfOpen(path: string, stats: Stats): void {
  const mayOthersRead = stats.isFile() && (stats.mode & 0o004) !== 0;
  if (!mayOthersRead || process.platform === 'win32' || warned.has(path) || isMountedReadOnly(path)) return;
  warned.add(path);
  process.emitWarning(`every user of this machine may read the secret in ${path}; chmod o-r ${path}`, {
    type: 'ProtectionFlowsWarning',
    code: 'SECRET_FILE_OPEN',
  });
}

function isMountedReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
