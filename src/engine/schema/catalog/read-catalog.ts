import { type Queryable, marks, catalogRows } from '../../server/queryable';
import { unguardedColumns } from '../guarded-columns';
import type { Schema, Table } from '../shape';
import type { Server } from '../../server/server';
import { readChecks, readColumns } from './read-columns';
import { readForeignKeys } from './read-foreign-keys';
import { inServerOrder, readIndexes } from './read-indexes';
import { inOrder, type CatalogScope } from './scope';

interface TableRow {
  database: string;
  name: string;
  engine: string | null;
  special: string;
  rowFormat: string | null;
  collation: string | null;
}

/**
 * Reads each table's engine, kind, row format and collation, and the session's database, which all further queries
 * name. A view gets the engine `VIEW`.
 */
async function readTables(session: Queryable, tableNames: readonly string[]): Promise<readonly TableRow[]> {
  const rows = await catalogRows<TableRow>(
    session,
    `SELECT DATABASE() AS \`database\`, t.TABLE_NAME AS name, IF(t.TABLE_TYPE LIKE '%VIEW', 'VIEW', t.ENGINE) AS engine,
            TRIM(CONCAT(IF(t.CREATE_OPTIONS LIKE '%partitioned%', 'partitioned ', ''),
                        IF(t.TABLE_TYPE IN ('BASE TABLE', 'VIEW'), '', LOWER(t.TABLE_TYPE)))) AS special,
            IF(t.ENGINE = 'InnoDB' AND t.ROW_FORMAT IN ('Compact', 'Redundant'), UPPER(t.ROW_FORMAT), NULL) AS rowFormat,
            t.TABLE_COLLATION AS collation
       FROM information_schema.TABLES t
      WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE <> 'TEMPORARY'
        AND t.TABLE_NAME IN (${marks(tableNames)})`,
    [...tableNames],
  );
  return inOrder(rows, ({ name }) => name);
}

/**
 * Reads the named tables of the session's database into canonical shapes, by name. Leaves out a table that does not
 * exist, or on which the user has no privilege. A user with SELECT alone sees foreign keys too (see `readForeignKeys`).
 */
export async function readCatalog(
  session: Queryable,
  server: Server,
  tableNames: readonly string[],
): Promise<Schema> {
  if (tableNames.length === 0) return new Map();
  const rows = await readTables(session, tableNames);
  const [first] = rows;
  if (first === undefined) return new Map();
  const { database } = first;
  const placeholders = marks(tableNames);
  const scope: CatalogScope = {
    session,
    server,
    database,
    placeholders,
    parameters: [database, ...tableNames],
  };
  const checks = await readChecks(
    scope,
    rows.map(({ name }) => name),
  );
  const columns = await readColumns(scope, checks);
  const { indexes, primaryKeys } = await readIndexes(scope, columns);
  const foreignKeys = await readForeignKeys(scope);
  const unguarded = new Map<string, string[]>();
  if (server.flavour === 'mysql') {
    for (const [table, list] of indexes) {
      const ordered = await inServerOrder(session, table, list);
      indexes.set(table, ordered);
      const found = unguardedColumns(columns.get(table) ?? [], ordered);
      if (found.length > 0) unguarded.set(table, found);
    }
  }
  return new Map(
    rows.map((row): [string, Table] => [
      row.name,
      {
        name: row.name,
        engine: row.engine ?? 'NONE',
        ...(row.special === '' ? {} : { special: row.special }),
        ...(row.rowFormat === null ? {} : { rowFormat: row.rowFormat }),
        // A collation's name begins with its charset; a join with COLLATIONS takes longer than the rest of the query
        charset: row.collation?.split('_')[0] ?? '',
        collation: row.collation ?? '',
        columns: columns.get(row.name) ?? [],
        primaryKey: primaryKeys.get(row.name) ?? [],
        indexes: indexes.get(row.name) ?? [],
        ...(unguarded.has(row.name) ? { unguarded: unguarded.get(row.name) } : {}),
        checks: (checks.get(row.name) ?? []).filter((check) => !check.ofJsonColumn),
        foreignKeys: foreignKeys.get(row.name) ?? [],
      },
    ]),
  );
}

/** A trigger. */
export interface Trigger {
  readonly name: string;
  readonly table: string;
  /** `BEFORE INSERT` and the like. */
  readonly when: string;
  /** Its SQL; null where this user may not see it. */
  readonly text: string | null;
  /** The account with whose privileges it runs, `user@host`; null where this user may not see it. */
  readonly definer: string | null;
}

/**
 * Reads the triggers on tables of a database, as far as this user may see them: it needs the TRIGGER privilege.
 *
 * @param tables the tables; all of the database where it is left out
 */
export function readTriggers(
  session: Queryable,
  database: string,
  tables?: readonly string[],
): Promise<Trigger[]> {
  const ofTables = tables === undefined ? '' : `AND EVENT_OBJECT_TABLE IN (${marks(tables)})`;
  return catalogRows<Trigger>(
    session,
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS \`table\`, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS \`when\`,
            ACTION_STATEMENT AS text, DEFINER AS definer
       FROM information_schema.TRIGGERS
      WHERE EVENT_OBJECT_SCHEMA = ? ${ofTables}
      ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME`,
    [database, ...(tables ?? [])],
  );
}
