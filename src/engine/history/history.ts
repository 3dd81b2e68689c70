import { readCatalog } from '../schema/catalog/read-catalog';
import { tableExists } from '../server/catalog-rows';
import { createHistorySql, historyTableFaults, mendHistorySql } from './history-table';
import { ownTables } from '../server/names';
import { type Queryable, quoteText, select } from '../server/queryable';
import type { Migration } from '../steps/migration';
import type { StepContext } from '../steps/step';

/** A migration that the history records. */
export interface HistoryEntry {
  readonly id: number;
  /** The milliseconds by which TypeORM orders migrations. */
  readonly timestamp: number;
  readonly name: string;
  /** When it was applied, ISO 8601 in UTC. */
  readonly appliedAt: string | null;
  /** True while its rollback is under way: a rollback that died leaves it, and some of the migration's objects. */
  readonly reverting: boolean;
  /** What the migration says of it, for programs that do not know the migration; null where no release recorded it. */
  readonly breaking: false | string | null;
}

/** What the history says of the run that applied a migration. */
interface HistoryRun {
  /** Who ran it, such as `pid 4711 on app-3`. */
  readonly appliedBy: string;
  readonly packageVersion: string;
  /** How long the migration took, in milliseconds; null where it was taken over and not executed. */
  readonly durationMs: number | null;
}

/** Everything the history records, oldest first; null where there is no history table. Changes nothing. */
export async function readHistory(session: Queryable, table: string): Promise<HistoryEntry[] | null> {
  return (await tableExists(session, table)) ? readEntries(session, table) : null;
}

/** Everything that a history table records, oldest first. */
export async function readEntries(session: Queryable, table: string): Promise<HistoryEntry[]> {
  // * and not the names: TypeORM's own form of the table has neither applied_at nor reverting.
  const rows = await select<{
    id: number | string;
    timestamp: number | string;
    name: string;
    applied_at?: Date | string | null;
    reverting?: number | string;
    breaking?: string | null;
  }>(session, `SELECT * FROM ${table} ORDER BY id`);
  return rows.map(({ id, timestamp, name, applied_at: at, reverting, breaking = null }) => ({
    id: Number(id),
    timestamp: Number(timestamp),
    name,
    appliedAt: at ? new Date(at).toISOString() : null,
    reverting: Number(reverting ?? 0) === 1,
    breaking: breaking === '' ? false : breaking,
  }));
}

/** Marks a migration whose rollback begins, or clears the mark. */
export async function markReverting(
  { owner, execute }: Pick<StepContext, 'owner' | 'execute'>,
  name: string,
  reverting: boolean,
): Promise<void> {
  const mark = reverting ? 1 : 0;
  await execute(
    `UPDATE ${ownTables(owner.tablePrefix).history} SET reverting = ${mark} WHERE name = ${quoteText(name)}`,
  );
}

/** Records migrations as applied, all in one statement, so that a run that dies leaves none or all. */
export async function recordApplied(
  { owner, execute }: Pick<StepContext, 'owner' | 'execute'>,
  migrations: readonly Pick<Migration, 'name' | 'breaking'>[],
  { appliedBy, packageVersion, durationMs }: HistoryRun,
): Promise<void> {
  const run = [quoteText(appliedBy), quoteText(packageVersion), durationMs ?? 'NULL'].join(', ');
  const rows = migrations.map(({ name, breaking }) => {
    const text = quoteText(breaking === false ? '' : breaking.replaceAll('\\', '/'));
    return `(${name.slice(-13)}, ${quoteText(name)}, ${run}, ${text})`;
  });
  await execute(
    `INSERT INTO ${ownTables(owner.tablePrefix).history} (timestamp, name, applied_by, package_version, duration_ms, breaking) VALUES ${rows.join(', ')}`,
  );
}

/** Forgets a migration that was undone. */
export async function forgetUndone(
  { owner, execute }: Pick<StepContext, 'owner' | 'execute'>,
  name: string,
): Promise<void> {
  await execute(`DELETE FROM ${ownTables(owner.tablePrefix).history} WHERE name = ${quoteText(name)}`);
}

/**
 * Creates the history's table unless it is there, and gives one that TypeORM made (on a plain DataSource with these
 * migrations) what it lacks.
 */
export async function ensureHistory({
  session,
  server,
  owner,
  execute,
}: Pick<StepContext, 'session' | 'server' | 'owner' | 'execute'>): Promise<void> {
  const { history } = ownTables(owner.tablePrefix);
  await execute(createHistorySql(history).replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
  const live = (await readCatalog(session, server, [history])).get(history);
  if (live === undefined) return;
  const absent = historyTableFaults(live).filter(({ actual }) => actual === null);
  for (const sql of mendHistorySql(live, absent)) await execute(sql);
}
