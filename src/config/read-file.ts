import { readFileSync } from 'node:fs';
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

/** Reads a file named relative to `baseDirectory`. Never throws: a failure is a value, told with other faults. */
export function readText(file: string, baseDirectory: string): FileText {
  const path = resolve(baseDirectory, file);
  try {
    return { path, text: readFileSync(path, 'utf8').replace(/^\uFEFF/, '') };
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
