import type { Connection, RowDataPacket } from 'mysql2/promise';

export const keyName = 'fk_executions_flow';

/** The plain statement, and the fastest way to add a key. */
export const addKeySql = `ALTER TABLE protection_flow_executions ADD CONSTRAINT ${keyName} FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE ON UPDATE NO ACTION`;

const noReferencedRow = 1452;

async function count(session: Connection, sql: string): Promise<number> {
  const [rows] = await session.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${sql}`);
  return Number(rows[0]?.n);
}

async function hasKey(session: Connection): Promise<boolean> {
  const keys = `information_schema.table_constraints
    WHERE constraint_schema = DATABASE() AND constraint_type = 'FOREIGN KEY' AND constraint_name = '${keyName}'`;
  return (await count(session, keys)) === 1;
}

/** Drops the key if it exists. */
export async function dropKey(session: Connection): Promise<void> {
  if (!(await hasKey(session))) return;
  await session.query(`ALTER TABLE protection_flow_executions DROP FOREIGN KEY ${keyName}`);
}

/** Restores the names of keys, which pt-online-schema-change prefixes. */
export async function restoreNames(session: Connection): Promise<void> {
  const [marked] = await session.query<RowDataPacket[]>(
    `SELECT k.constraint_name AS name, k.column_name AS child, k.referenced_table_name AS parent,
       k.referenced_column_name AS parent_column, r.delete_rule AS on_delete
       FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
         ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
      WHERE k.constraint_schema = DATABASE() AND k.table_name = 'protection_flow_executions' AND LEFT(k.constraint_name, 1) = '_'`,
  );
  for (const { name, child, parent, parent_column, on_delete } of marked)
    await session.query(
      `ALTER TABLE protection_flow_executions DROP FOREIGN KEY ${name}, ADD CONSTRAINT ${name.replace(/^_+/, '')}
         FOREIGN KEY (${child}) REFERENCES ${parent} (${parent_column}) ON DELETE ${on_delete} ON UPDATE NO ACTION`,
    );
}

/**
 * Sets started_at, the second column of the key's index: if it is NULL, MySQL 9.7.4 does not check the parent at all
 * (seen; not with innodb_native_foreign_keys = ON).
 */
async function refusesOrphan(session: Connection): Promise<boolean> {
  await session.query('SET SESSION foreign_key_checks = 1');
  try {
    await session.query(
      "INSERT INTO protection_flow_executions (flow_id, execution_type, started_at) VALUES ('no such flow', 'manual', CURRENT_TIMESTAMP)",
    );
    return false;
  } catch (error) {
    if ((error as { errno?: number }).errno === noReferencedRow) return true;
    throw error;
  } finally {
    await session.query('SET SESSION foreign_key_checks = 0');
  }
}

/** Throws if the key is missing, has orphans or accepts a new one. */
export async function assertKey(session: Connection): Promise<void> {
  if (!(await hasKey(session))) throw new Error(`${keyName} is not there`);
  const orphans = await count(
    session,
    `(SELECT DISTINCT flow_id FROM protection_flow_executions) child
     LEFT JOIN protection_flows parent ON parent.id = child.flow_id WHERE parent.id IS NULL`,
  );
  if (orphans > 0) throw new Error(`${orphans} values of ${keyName} have no parent`);
  if (!(await refusesOrphan(session))) throw new Error(`${keyName} let an orphan in`);
}
