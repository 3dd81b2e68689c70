import type { QueryRunner } from 'typeorm';
import { migrationList, stepContext } from '../../migrations';
import { historyTable } from '../../schema/history-table';
import { runStep } from '../../schema/step';
import { ensureHistory, markReverting, readHistory, recordApplied } from '../history';
import { thisRun } from '../this-run';

/** The migrations that the history does not record, or whose rollback died. */
export async function unrecorded(runner: QueryRunner): Promise<string[]> {
  const entries = (await readHistory(runner)) ?? [];
  return migrationList
    .map(({ name }) => name)
    .filter((name) => !entries.some((entry) => entry.name === name && !entry.reverting));
}

/**
 * Records the migrations as applied, in order. Only for tables that were shown to be what the migrations make.
 */
export async function recordMigrations(runner: QueryRunner, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const context = await stepContext(runner, null);
  await ensureHistory(context);
  for (const step of migrationList.flatMap(({ steps }) => [...steps]))
    if (step.tables.includes(historyTable)) await runStep(step, context);
  const reverting = ((await readHistory(runner)) ?? []).map((entry) => entry.name);
  for (const name of names.filter((one) => reverting.includes(one)))
    await markReverting(context, name, false);
  const added = names.filter((name) => !reverting.includes(name));
  if (added.length > 0) await recordApplied(context, added, { ...thisRun(), durationMs: null });
}
