import type { Queryable } from '../schema/queryable';
import { select } from '../schema/queryable';

/** The history's table: named so that an application's own TypeORM history, `migrations`, is left alone. */
export const historyTable = 'sendense_flow_migrations';

/** A migration that the history records. */
export interface HistoryEntry {
  readonly name: string;
  /** When it was applied, ISO 8601 in UTC. */
  readonly appliedAt: string | null;
}

async function historyExists(session: Queryable): Promise<boolean> {
  const rows = await select(
    session,
    'SELECT 1 AS found FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [historyTable],
  );
  return rows.length > 0;
}

/** Everything the history records, oldest first; null where there is no history table. Changes nothing. */
export async function readHistory(session: Queryable): Promise<HistoryEntry[] | null> {
  if (!(await historyExists(session))) return null;
  // * and not the names: TypeORM's own form of the table has no applied_at.
  const rows = await select<{ name: string; applied_at?: Date | string | null }>(
    session,
    `SELECT * FROM ${historyTable} ORDER BY id`,
  );
  return rows.map(({ name, applied_at: at }) => ({
    name,
    appliedAt: at ? new Date(at).toISOString() : null,
  }));
}

/**
 * Creates the history's table unless it is there, in the form that TypeORM's executor reads and writes, with what it
 * leaves out: a name can stand there once only, and each row says when it was written.
 */
export async function ensureHistory(session: Queryable): Promise<void> {
  if (await historyExists(session)) return;
  await session.query(
    `CREATE TABLE IF NOT EXISTS ${historyTable} (
  id int NOT NULL AUTO_INCREMENT,
  timestamp bigint NOT NULL,
  name varchar(255) NOT NULL,
  applied_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (id),
  UNIQUE INDEX uq_flow_migrations_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  );
}
