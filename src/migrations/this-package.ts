import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownTables } from '../engine/server/names';

/** How the engine's own tables are called beside ours: so an application's own TypeORM history is left alone. */
export const tablePrefix = 'sendense_flow';

/** The history's table. */
export const historyTable = ownTables(tablePrefix).history;

let version: string | undefined;

/** This package's version, as its package.json has it; read once. */
export function packageVersion(): string {
  if (version === undefined) {
    const text = readFileSync(join(__dirname, '../../package.json'), 'utf8');
    ({ version } = JSON.parse(text) as { version: string });
  }
  return version;
}
