import { randomUUID } from 'node:crypto';
import { tableExists } from '../server/catalog-rows';
import { quoteName, type Queryable } from '../server/queryable';
import type { StepContext } from '../steps/step';
import { rowJsonSql, rowKeySql, textLiteral, type RowTable } from './row-table';
import { keyText, rowsByKey, type RowKey } from './row-selection';

/** The table that keeps what was set aside. It exists only once it was needed, and is the user's to drop. */
export const quarantineTable = 'sendense_flow_orphans';

/** Every row whole, as JSON: the tables' shapes may change while their rows are here. */
export const createQuarantineSql = `CREATE TABLE IF NOT EXISTS ${quoteName(quarantineTable)} (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  quarantined_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  run_id char(36) NOT NULL,
  foreign_key varchar(64) NOT NULL,
  database_name varchar(64) NULL DEFAULT NULL,
  table_name varchar(64) NOT NULL,
  row_key text NOT NULL,
  reason enum('orphan','cascade') NOT NULL,
  caused_by text NOT NULL,
  \`columns\` json NOT NULL,
  PRIMARY KEY (id),
  INDEX idx_orphans_key (foreign_key)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`;

/** True where the table is there. */
export function hasQuarantine(session: Queryable): Promise<boolean> {
  return tableExists(session, quarantineTable);
}

/** Creates the table unless it is there. */
export async function ensureQuarantine(context: StepContext): Promise<void> {
  if (!(await hasQuarantine(context.session))) await context.execute(createQuarantineSql);
}

/** What the rows that are set aside have in common. */
export interface Cause {
  readonly runId: string;
  readonly foreignKey: string;
  /** The orphan that they hang on; null for orphans. */
  readonly root: RowKey | null;
}

export const newRunId = (): string => randomUUID();

const affected = (result: unknown): number => Number((result as { affectedRows?: number }).affectedRows ?? 0);

/**
 * Writes rows into the quarantine and deletes them. To be called in a transaction that has locked them; the caller
 * rolls back where it throws.
 *
 * @throws the server's error 1301 or 1048 where a row's JSON does not fit into max_allowed_packet
 */
export async function moveToQuarantine(
  session: Queryable,
  table: RowTable,
  keys: readonly RowKey[],
  { runId, foreignKey, root }: Cause,
): Promise<void> {
  const { from, where } = rowsByKey(table, keys);
  const rowKey = rowKeySql(table.primaryKey, table.flavour);
  const values = {
    run_id: textLiteral(runId),
    foreign_key: textLiteral(foreignKey),
    database_name: table.database === null ? 'NULL' : textLiteral(table.database),
    table_name: textLiteral(table.name),
    row_key: rowKey,
    reason: root === null ? `'orphan'` : `'cascade'`,
    caused_by: root === null ? rowKey : textLiteral(keyText(root)),
    columns: rowJsonSql(table.columns, table.flavour),
  };
  const names = Object.keys(values).map(quoteName).join(', ');
  const written = await session.query(
    `INSERT INTO ${quoteName(quarantineTable)} (${names}) SELECT ${Object.values(values).join(', ')} FROM ${from} WHERE ${where}`,
  );
  const deleted = await session.query(`DELETE r FROM ${from} WHERE ${where}`);
  if (affected(written) !== keys.length || affected(deleted) !== keys.length) {
    throw new Error(
      `${keys.length} locked rows of ${table.label}, but ${affected(written)} written down and ${affected(deleted)} deleted`,
    );
  }
}
