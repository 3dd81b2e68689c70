import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorCodes } from '../../../src/errors';

const preflight = resolve(__dirname, '../../../src/engine/preflight');
const rules = join(preflight, 'rules');

/** The codes that the rules give: each rule names its own, or its file is called like it; the list of rules makes the others. */
export function codesOfRules(): string[] {
  const named = readdirSync(rules).flatMap((file) => {
    const ofFile = file.replace(/\.ts$/, '').replaceAll('-', '_').toUpperCase();
    const text = readFileSync(join(rules, file), 'utf8');
    return [ofFile, ...[...text.matchAll(/code: '([A-Z_]+)'/g)].map(([, code = '']) => code)];
  });
  const list = readFileSync(join(preflight, 'index.ts'), 'utf8');
  const made = [...list.matchAll(/obstacleRule\('([A-Z_]+)'\)/g)].map(([, code = '']) => code);
  return [...new Set([...named, ...made])].filter((code) => code in errorCodes).sort();
}
