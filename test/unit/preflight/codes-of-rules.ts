import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorCodes } from '../../../src/errors';

const rules = resolve(__dirname, '../../../src/engine/preflight/rules');

/** The codes that the rules give: each rule names its own, or what names it is called like it. */
export function codesOfRules(): string[] {
  const named = readdirSync(rules).flatMap((file) => {
    const ofFile = file.replace(/\.ts$/, '').replaceAll('-', '_').toUpperCase();
    const text = readFileSync(join(rules, file), 'utf8');
    return [ofFile, ...[...text.matchAll(/code: '([A-Z_]+)'/g)].map(([, code = '']) => code)];
  });
  return [...new Set(named)].filter((code) => code in errorCodes).sort();
}
