import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostname } from 'node:os';

let version: string | undefined;

/** This package's version, as its package.json has it; read once. */
export function packageVersion(): string {
  if (version === undefined) {
    const text = readFileSync(join(__dirname, '../../../package.json'), 'utf8');
    ({ version } = JSON.parse(text) as { version: string });
  }
  return version;
}

/** What this process is called in the history and towards those that wait for it. */
export interface ThisRun {
  /** Such as `pid 4711 on app-3`. */
  readonly appliedBy: string;
  readonly packageVersion: string;
}

/** Who runs here. A backslash, which no literal of ours may have, is a slash. */
export function thisRun(): ThisRun {
  const host = hostname().replaceAll('\\', '/').slice(0, 200);
  return { appliedBy: `pid ${process.pid} on ${host}`, packageVersion: packageVersion() };
}
