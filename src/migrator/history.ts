import { declareArguments } from '../arguments';
import { catalogRows } from '../schema/catalog/catalog-rows';
import { tableExists } from '../schema/catalog/table-exists';
import type { Queryable } from '../schema/queryable';
import { quoteText, select } from '../schema/queryable';
import type { StepContext } from '../schema/step';
import { session as aSession } from './arguments';
import type { ThisRun } from './this-run';

/** The history's table: named so that an application's own TypeORM history, `migrations`, is left alone. */
export const historyTable = 'sendense_flow_migrations';

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

/** What TypeORM's own form of the table leaves out: a name stands there once only, a row says when it was written. */
const additions: Readonly<Record<string, string>> = {
  applied_at: 'ADD COLUMN applied_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  reverting: 'ADD COLUMN reverting tinyint(1) NOT NULL DEFAULT 0',
  applied_by: 'ADD COLUMN applied_by varchar(255) NULL',
  package_version: 'ADD COLUMN package_version varchar(64) NULL',
  duration_ms: 'ADD COLUMN duration_ms int unsigned NULL',
  uq_flow_migrations_name: 'ADD UNIQUE INDEX uq_flow_migrations_name (name)',
};

/**
 * Creates the history's table unless it is there, in the form that TypeORM's executor reads and writes, and gives one
 * that TypeORM made (on a plain DataSource with these migrations) what it lacks.
 */
export async function ensureHistory({
  session,
  execute,
}: Pick<StepContext, 'session' | 'execute'>): Promise<void> {
  await execute(
    `CREATE TABLE IF NOT EXISTS ${historyTable} (
  id int NOT NULL AUTO_INCREMENT,
  timestamp bigint NOT NULL,
  name varchar(255) NOT NULL,
  applied_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  reverting tinyint(1) NOT NULL DEFAULT 0,
  applied_by varchar(255) NULL,
  package_version varchar(64) NULL,
  duration_ms int unsigned NULL,
  PRIMARY KEY (id),
  UNIQUE INDEX uq_flow_migrations_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  );
  const present = await catalogRows<{ name: string }>(
    session,
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
      UNION
     SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    [historyTable, historyTable],
  );
  for (const [name, change] of Object.entries(additions)) {
    if (!present.some((row) => row.name === name)) await execute(`ALTER TABLE ${historyTable} ${change}`);
  }
}
