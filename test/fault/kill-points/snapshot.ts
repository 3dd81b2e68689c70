import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { quoteName, select, type Queryable } from '../../../src/engine/server/queryable';
import { readCreation } from '../../support/read-creation';

/** Each table's definition: its columns in their order, all else in the alphabet's. */
export type Definitions = Readonly<Record<string, readonly string[]>>;

/** The order of indexes, keys and CHECK constraints tells in which order they were made, and no more. */
function sorted(sql: string): string[] {
  // MySQL repeats the charset of a collation where the statement did that made the column
  const lines = sql
    .split('\n')
    .map((line) => line.replace(/,$/, '').replace(/ CHARACTER SET \w+(?= COLLATE)/, ''));
  const isColumn = (line: string): boolean => line.startsWith('  `');
  return [...lines.filter(isColumn), ...lines.filter((line) => !isColumn(line)).sort()];
}

/** The definition of every table, but for those that the pattern names. Pure. */
export function definitionsIn(creation: ReadonlyMap<string, string>, without: RegExp): Definitions {
  const named = [...creation].filter(([name]) => !without.test(name));
  return Object.fromEntries(named.map(([name, sql]) => [name, sorted(sql)]));
}

/** Whether two statements make the same table. Pure. */
export const makeTheSame = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && sorted(one).join() === sorted(other).join();

/** Differ from run to run, whatever the run did: of these it counts whether they are NULL. */
const ofTheRun = /^(applied_at|duration_ms)$/;

const comparable = ([column, value]: [string, unknown]): unknown =>
  ofTheRun.test(column) && value !== null ? 'set' : value;

/**
 * All that a later run can find in a database once it has the lock, as one text: the definition of every table, the rows
 * of those that are this package's, and the files in its folder, where a table shows that its server does not name.
 *
 * @param data the server's data directory
 */
export async function snapshot(session: Queryable, database: string, data: string): Promise<string> {
  const definitions = definitionsIn(await readCreation(session, database), /^$/);
  const rows: Record<string, unknown> = {};
  for (const name of Object.keys(definitions)) {
    if (!/^(protection_flow|sendense_flow(?!_lock$))/.test(name)) continue;
    const all = await select(session, `SELECT * FROM ${quoteName(name)} ORDER BY 1`);
    rows[name] = all.map((row) => Object.entries(row).map(comparable));
  }
  const files = readdirSync(join(data, database)).sort();
  return createHash('sha256')
    .update(JSON.stringify([definitions, rows, files]))
    .digest('hex');
}
