import { accessSync, closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';

/** The error codes of the operating system and of the decoder, in words. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ELOOP: 'its symbolic links go round in a circle',
  ENAMETOOLONG: 'its path is too long',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
};

/** A file's text, or why it could not be read. */
export type FileText =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly reason: string; readonly cause?: unknown };

/** No configuration, password or list of authorities is longer. A longer file is another one, or never ends. */
const longestFile = 1024 * 1024;

/** Reads a byte more than a file may have, and no further: readFileSync would not return for an endless device or pipe. */
function read(path: string): { bytes: Buffer; stats: Stats } {
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

/**
 * Reads a file of at most {@link longestFile} bytes of UTF-8, named relative to `baseDirectory`. Never throws: it returns
 * a failure, to be reported with other faults.
 *
 * @param isSecret true to warn if every user of the machine may read the file
 */
export function readText(file: string, baseDirectory: string, isSecret = false): FileText {
  const path = resolve(baseDirectory, file);
  try {
    const { bytes, stats } = read(path);
    if (isSecret) warnIfOpen(path, stats);
    if (bytes.length > longestFile) return { path, reason: `it is longer than ${longestFile} bytes` };
    // With ignoreBOM off, the decoder drops a byte order mark at the beginning
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    return { path, reason: reasons[code] ?? `reading it failed (${code})`, cause };
  }
}

const warned = new Set<string>();

/**
 * Warns once of a secret file that every user may read. Not of a file that an orchestrator mounted read-only (Docker,
 * Kubernetes: 0444 and 0644 by default): its reader cannot choose the mode. Nor of pipes and devices.
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
