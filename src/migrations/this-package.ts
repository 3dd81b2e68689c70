import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownTables } from '../engine/server/names';

/** The prefix of the engine's own tables. It keeps them apart from an application's own TypeORM history. */
export const tablePrefix = 'sendense_flow';

/** The history's table. */
export const historyTable = ownTables(tablePrefix).history;

let version: string | undefined;

/** This package's version, read once from its package.json. */
export function packageVersion(): string {
  if (version === undefined) {
    const text = readFileSync(join(__dirname, '../../package.json'), 'utf8');
    ({ version } = JSON.parse(text) as { version: string });
  }
  return version;
}
