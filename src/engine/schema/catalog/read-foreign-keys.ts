import { marks, quoteName, type Queryable, catalogRows } from '../../server/queryable';
import type { ForeignKey, ReferentialAction } from '../shape';
import { columnsTogether, type CatalogScope, type Numbered } from './scope';

interface KeyRow extends Numbered {
  column: string;
  parentDatabase: string;
  parentTable: string;
  parentColumn: string;
  onDelete: ReferentialAction | null;
  onUpdate: ReferentialAction | null;
}

type Rules = Pick<ForeignKey, 'onDelete' | 'onUpdate'>;

/** Reads a key's rules from SHOW CREATE TABLE, which leaves RESTRICT out. */
async function rulesFromShowCreate(session: Queryable, table: string, key: string): Promise<Rules> {
  const [row] = await catalogRows(session, `SHOW CREATE TABLE ${quoteName(table)}`);
  const text = String(row?.['Create Table'] ?? '');
  const line =
    text.split('\n').find((part) => part.includes(`CONSTRAINT ${quoteName(key)} FOREIGN KEY`)) ?? '';
  const rule = (event: string): ReferentialAction =>
    (new RegExp(`ON ${event} (CASCADE|SET NULL|RESTRICT|NO ACTION|SET DEFAULT)`).exec(line)?.[1] ??
      'RESTRICT') as ReferentialAction;
  return { onDelete: rule('DELETE'), onUpdate: rule('UPDATE') };
}

/**
 * Reads the foreign keys of each table. MariaDB shows no row of REFERENTIAL_CONSTRAINTS to a user with SELECT alone,
 * but shows KEY_COLUMN_USAGE and SHOW CREATE TABLE. The rules then come from the latter, so that no key is reported
 * missing because the user may not see it.
 *
 * The rules come from a subquery that DISTINCT keeps from being merged. Without it MariaDB opens every table of every
 * database (EXPLAIN: "Scanned all databases"); on a Galera node DDL in any of them then aborts the read (1213).
 */
export async function readForeignKeys(scope: CatalogScope): Promise<Map<string, ForeignKey[]>> {
  const answer = await catalogRows<KeyRow>(
    scope.session,
    `SELECT k.TABLE_NAME AS \`table\`, k.CONSTRAINT_NAME AS name, k.ORDINAL_POSITION AS position,
            k.COLUMN_NAME AS \`column\`, k.REFERENCED_TABLE_SCHEMA AS parentDatabase, k.REFERENCED_TABLE_NAME AS parentTable,
            k.REFERENCED_COLUMN_NAME AS parentColumn, r.DELETE_RULE AS onDelete, r.UPDATE_RULE AS onUpdate
       FROM information_schema.KEY_COLUMN_USAGE k
       LEFT JOIN (SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE
                    FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()) r
         ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
      WHERE k.TABLE_SCHEMA = ? AND k.TABLE_NAME IN (${scope.placeholders})
        AND k.REFERENCED_TABLE_NAME IS NOT NULL`,
    scope.parameters,
  );
  const keys = new Map<string, ForeignKey[]>();
  for (const columns of columnsTogether(answer)) {
    const [{ table, name, onDelete, onUpdate, parentDatabase, parentTable, ...first }, ...others] = columns;
    const rules =
      onDelete !== null && onUpdate !== null
        ? { onDelete, onUpdate }
        : await rulesFromShowCreate(scope.session, table, name);
    const key: ForeignKey = {
      name,
      columns: [first.column, ...others.map(({ column }) => column)],
      parentDatabase: parentDatabase === scope.database ? null : parentDatabase,
      parentTable,
      parentColumns: [first.parentColumn, ...others.map(({ parentColumn }) => parentColumn)],
      ...rules,
    };
    keys.set(table, [...(keys.get(table) ?? []), key]);
  }
  return keys;
}

/** A foreign key of any database that ends at a table of the session's database. */
export interface IncomingKey {
  readonly name: string;
  /** The database of the table that it starts at; null for the session's. */
  readonly database: string | null;
  readonly table: string;
  readonly parentTable: string;
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
