import { catalogRows, marks, type Queryable } from '../../server/queryable';

/** A foreign key, of any table of any database, that ends at a table of the session's own database. */
export interface IncomingKey {
  readonly name: string;
  /** Of the table that it starts at; null for the session's own. */
  readonly database: string | null;
  readonly table: string;
  readonly parentTable: string;
  /** Where it starts, and where it ends. */
  readonly columns: readonly (readonly [child: string, parent: string])[];
}

/** Reads the foreign keys that end at the named tables, as far as this user may see them. */
export async function readIncomingKeys(
  session: Queryable,
  parents: readonly string[],
): Promise<IncomingKey[]> {
  const rows = await catalogRows<Omit<IncomingKey, 'columns'> & { child: string; parent: string }>(
    session,
    `SELECT CONSTRAINT_NAME AS name, NULLIF(TABLE_SCHEMA, DATABASE()) AS \`database\`, TABLE_NAME AS \`table\`,
            REFERENCED_TABLE_NAME AS parentTable, COLUMN_NAME AS child, REFERENCED_COLUMN_NAME AS parent
       FROM information_schema.KEY_COLUMN_USAGE
      WHERE REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IN (${marks(parents)})
      ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
    [...parents],
  );
  const keys = new Map<string, IncomingKey>();
  for (const { child, parent, ...key } of rows) {
    const id = JSON.stringify([key.database, key.table, key.name]);
    const columns = keys.get(id)?.columns ?? [];
    keys.set(id, { ...key, columns: [...columns, [child, parent]] });
  }
  return [...keys.values()];
}
