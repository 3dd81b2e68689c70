import { select, type Queryable } from '../../src/engine/server/queryable';
import { isClusterWanted } from './test-installation';

/** Matches the tables that a migrate creates before it reads anything: in a cluster, the table of its lock. */
export const madeAtOnce = (): RegExp => (isClusterWanted() ? /^sendense_flow_lock$/ : /^$/);

/** Reads a database's tables from information_schema, except those that match the pattern. */
export async function catalogDump(
  session: Queryable,
  without = /^(protection_flow|sendense_flow)/,
): Promise<Readonly<Record<string, unknown>>> {
  const views = {
    TABLES: 'TABLE_NAME, ENGINE, TABLE_COLLATION, CREATE_OPTIONS, AUTO_INCREMENT',
    COLUMNS:
      'TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME',
    STATISTICS: 'TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, COLLATION, NON_UNIQUE',
    KEY_COLUMN_USAGE:
      'TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME',
    TABLE_CONSTRAINTS: 'TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE',
  };
  const dump: Record<string, unknown> = {};
  for (const [view, columns] of Object.entries(views)) {
    const rows = await select(
      session,
      `SELECT ${columns} FROM information_schema.${view} WHERE TABLE_SCHEMA = DATABASE() ORDER BY ${columns}`,
    );
    dump[view] = rows.filter((row) => !without.test(String(row.TABLE_NAME)));
  }
  return dump;
}
