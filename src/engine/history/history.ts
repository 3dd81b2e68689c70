import { declareArguments } from '../../arguments';
import { readCatalog } from '../schema/catalog/read-catalog';
import { tableExists } from '../server/catalog-rows';
import { createHistorySql, historyTable, historyTableFaults, mendHistorySql } from './history-table';
import { type Queryable, quoteText, select } from '../server/queryable';
import type { StepContext } from '../steps/step';
import { session as aSession } from '../migrate/arguments';
import type { ThisRun } from '../server/this-run';

/** A migration that the history records. */
export interface HistoryEntry {
  readonly id: number;
  readonly name: string;
  /** When it was applied, ISO 8601 in UTC. */
  readonly appliedAt: string | null;
  /** True while its rollback is under way: a rollback that died leaves it, and some of the migration's objects. */
  readonly reverting: boolean;
}

/** What the history says of the run that applied a migration. */
export interface HistoryRun extends ThisRun {
  /** How long the migration took, in milliseconds; null where it was taken over and not executed. */
  readonly durationMs: number | null;
}

const assertSession = declareArguments('readHistory', { session: aSession });

/** Everything the history records, oldest first; null where there is no history table. Changes nothing. */
export async function readHistory(session: Queryable): Promise<HistoryEntry[] | null> {
  assertSession({ session });
  if (!(await tableExists(session, historyTable))) return null;
  // * and not the names: TypeORM's own form of the table has neither applied_at nor reverting.
  const rows = await select<{
    id: number;
    name: string;
    applied_at?: Date | string | null;
    reverting?: number;
  }>(session, `SELECT * FROM ${historyTable} ORDER BY id`);
  return rows.map(({ id, name, applied_at: at, reverting }) => ({
    id: Number(id),
    name,
    appliedAt: at ? new Date(at).toISOString() : null,
    reverting: Number(reverting ?? 0) === 1,
  }));
}

/** Marks a migration whose rollback begins, or clears the mark. */
export async function markReverting(
  context: Pick<StepContext, 'execute'>,
  name: string,
  reverting: boolean,
): Promise<void> {
  const mark = reverting ? 1 : 0;
  await context.execute(`UPDATE ${historyTable} SET reverting = ${mark} WHERE name = ${quoteText(name)}`);
}

/** Records migrations as applied, all in one statement, so that a run that dies leaves none or all. */
export async function recordApplied(
  context: Pick<StepContext, 'execute'>,
  names: readonly string[],
  { appliedBy, packageVersion, durationMs }: HistoryRun,
): Promise<void> {
  const run = [quoteText(appliedBy), quoteText(packageVersion), durationMs ?? 'NULL'].join(', ');
  const rows = names.map((name) => `(${name.slice(-13)}, ${quoteText(name)}, ${run})`);
  await context.execute(
    `INSERT INTO ${historyTable} (timestamp, name, applied_by, package_version, duration_ms) VALUES ${rows.join(', ')}`,
  );
}

/**
 * Creates the history's table unless it is there, in the form that TypeORM's executor reads and writes, and gives one
 * that TypeORM made (on a plain DataSource with these migrations) what it lacks.
 */
export async function ensureHistory({
  session,
  server,
  execute,
}: Pick<StepContext, 'session' | 'server' | 'execute'>): Promise<void> {
  await execute(createHistorySql.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
  const live = (await readCatalog(session, server, [historyTable])).get(historyTable);
  if (live === undefined) return;
  const absent = historyTableFaults(live).filter(({ actual }) => actual === null);
  for (const sql of mendHistorySql(live, absent)) await execute(sql);
}
