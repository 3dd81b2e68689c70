import { catalogRows } from '../catalog/catalog-rows';
import type { Queryable } from '../queryable';

/** A foreign key of any table, of any database, that ends at a column of one of ours. */
export interface IncomingKey {
  readonly name: string;
  /** Null for the session's own database. */
  readonly database: string | null;
  readonly table: string;
  readonly column: string;
  readonly parentTable: string;
  readonly parentColumn: string;
}

/** Reads the foreign keys that end at the named tables. */
export async function readIncomingKeys(
  session: Queryable,
  tables: readonly string[],
): Promise<IncomingKey[]> {
  const rows = await catalogRows<Omit<IncomingKey, 'database'> & { database: string; own: number | string }>(
    session,
    `SELECT CONSTRAINT_NAME AS name, TABLE_SCHEMA AS \`database\`, TABLE_SCHEMA = DATABASE() AS own,
            TABLE_NAME AS \`table\`, COLUMN_NAME AS \`column\`, REFERENCED_TABLE_NAME AS parentTable,
            REFERENCED_COLUMN_NAME AS parentColumn
       FROM information_schema.KEY_COLUMN_USAGE
      WHERE REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IN (${tables.map(() => '?').join(', ')})
      ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
    [...tables],
  );
  return rows.map(({ own, database, ...key }) => ({ ...key, database: Number(own) === 1 ? null : database }));
}
