import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { quoteName, select, type Queryable } from '../../../src/engine/server/queryable';
import { readCreation } from '../../support/read-creation';

/** By table: the lines of its definition. Columns keep their order, all other lines are sorted. */
export type Definitions = Readonly<Record<string, readonly string[]>>;

/** Sorts indexes, keys and CHECK constraints: their order shows only when each was made. */
function sorted(sql: string): string[] {
  // MySQL prints a collation's charset too if the statement that made the column named it
  const lines = sql
    .split('\n')
    .map((line) => line.replace(/,$/, '').replace(/ CHARACTER SET \w+(?= COLLATE)/, ''));
  const isColumn = (line: string): boolean => line.startsWith('  `');
  return [...lines.filter(isColumn), ...lines.filter((line) => !isColumn(line)).sort()];
}

/** Returns the definition of every table, except those that match the pattern. Pure. */
export function definitionsIn(creation: ReadonlyMap<string, string>, without: RegExp): Definitions {
  const named = [...creation].filter(([name]) => !without.test(name));
  return Object.fromEntries(named.map(([name, sql]) => [name, sorted(sql)]));
}

/** True if two statements make the same table. Pure. */
export const makeTheSame = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && sorted(one).join() === sorted(other).join();

/** These columns differ in every run, so only whether they are NULL is compared. */
const ofTheRun = /^(applied_at|duration_ms)$/;

const comparable = ([column, value]: [string, unknown]): unknown =>
  ofTheRun.test(column) && value !== null ? 'set' : value;

/**
 * Returns a hash of all that a later run can find in a database once it has the lock: the definition of every table, the rows of
 * this package's tables, and the files in the database's folder, which also show tables that the server does not list.
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
