import type { QueryRunner } from 'typeorm';
import { migrationList, stepContext } from '../../migrations';
import { quoteText } from '../../schema/queryable';
import { ensureHistory, historyTable, markReverting, readHistory } from '../history';

/** The migrations that the history does not record, or whose rollback died. */
export async function unrecorded(runner: QueryRunner): Promise<string[]> {
  const entries = (await readHistory(runner)) ?? [];
  return migrationList
    .map(({ name }) => name)
    .filter((name) => !entries.some((entry) => entry.name === name && !entry.reverting));
}

/**
 * Records the migrations as applied, in order, as TypeORM's executor writes them: all in one statement, so that a run
 * that dies leaves none or all. Only for tables that were shown to be what the migrations make.
 */
export async function recordMigrations(runner: QueryRunner, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await ensureHistory(runner);
  const reverting = ((await readHistory(runner)) ?? []).map((entry) => entry.name);
  for (const name of names.filter((one) => reverting.includes(one))) await markReverting(runner, name, false);
  const rows = names
    .filter((name) => !reverting.includes(name))
    .map((name) => `(${name.slice(-13)}, ${quoteText(name)})`);
  if (rows.length === 0) return;
  const context = await stepContext(runner, null);
  await context.execute(`INSERT INTO ${historyTable} (timestamp, name) VALUES ${rows.join(', ')}`);
}
