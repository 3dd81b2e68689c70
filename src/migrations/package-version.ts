import { readFileSync } from 'node:fs';
import { join } from 'node:path';

let version: string | undefined;

/** This package's version, as its package.json has it; read once. */
export function packageVersion(): string {
  if (version === undefined) {
    const text = readFileSync(join(__dirname, '../../package.json'), 'utf8');
    ({ version } = JSON.parse(text) as { version: string });
  }
  return version;
}
