import type { DataSource } from 'typeorm';
import { ProtectionFlow } from '../entities';
import type { Session } from './session';

/** Charset and collation of a text column. */
interface TextColumn {
  readonly charset: string;
  readonly collation: string;
}

/** `table.column` → its collation, or null for a column without text. Missing and invisible tables are left out. */
export type PlatformColumns = ReadonlyMap<string, TextColumn | null>;

const tables = [
  'protection_flows',
  'protection_flow_executions',
  'replication_schedules',
  'backup_repositories',
  'backup_policies',
  'vm_replication_contexts',
  'vm_machine_groups',
  'vm_group_memberships',
  'backup_jobs',
];

/** How long to cache the catalog: a platform table that is created meanwhile is seen after this time. */
const maxAgeMs = 30_000;

/**
 * Errors that show that the cached catalog is outdated: no such table (1146), no such column (1054), collations that can't
 * be compared (1267, 1271), or a collation of another charset (1253).
 */
const outdatedErrnos = new Set([1146, 1054, 1267, 1271, 1253]);

const known = new WeakMap<DataSource, { columns: Promise<PlatformColumns>; readAt: number }>();

async function read(session: Session): Promise<PlatformColumns> {
  const rows = await session.select<{ name: string; charset: string; collation: string | null }>(
    `SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation
       FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tables.map((table) => `'${table}'`).join(', ')})`,
  );
  return new Map(
    rows.map(({ name, charset, collation }) => [
      name.toLowerCase(),
      collation === null ? null : { charset, collation },
    ]),
  );
}

/** Returns the columns of our tables and of the platform's tables that we join, cached for 30 seconds. */
function platformColumns(session: Session): Promise<PlatformColumns> {
  const source = session.manager.connection;
  const found = known.get(source);
  if (found !== undefined && Date.now() - found.readAt < maxAgeMs) return found.columns;
  const columns = read(session);
  known.set(source, { columns, readAt: Date.now() });
  columns.catch(() => known.delete(source));
  return columns;
}

/** Executes a query that depends on the catalog. If its error shows that the catalog changed, reads it and tries once more. */
export async function withPlatformColumns<Result>(
  session: Session,
  work: (columns: PlatformColumns) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(await platformColumns(session));
  } catch (error) {
    const { errno } = error as { errno?: number };
    if (errno === undefined || !outdatedErrnos.has(errno)) throw error;
    known.delete(session.manager.connection);
    return work(await platformColumns(session));
  }
}

/** The type of a JSON_TABLE column that is compared with a text column, so that the text column's index can be used. */
export function comparableText(columns: PlatformColumns, column: string, length: number): string {
  const own = columns.get(column);
  return `varchar(${length})${!own ? '' : ` CHARACTER SET ${own.charset} COLLATE ${own.collation}`}`;
}

/**
 * SQL for a column that is compared with a column of another collation, so that the other column's index can be used. The
 * explicit COLLATE on this side decides; without it the server refuses the comparison (errno 1267).
 *
 * @param sql the column in the statement, such as `f.target_id`
 * @param column the same column as `table.column`; `other` likewise
 * @see https://dev.mysql.com/doc/refman/8.4/en/charset-collation-coercibility.html
 */
export function collatedAs(columns: PlatformColumns, sql: string, column: string, other: string): string {
  const own = columns.get(column);
  const parent = columns.get(other);
  if (!own || !parent || own.collation === parent.collation) return sql;
  const text = own.charset === parent.charset ? sql : `CONVERT(${sql} USING ${parent.charset})`;
  return `${text} COLLATE ${parent.collation}`;
}

/** SQL for a column of the flow `f` that is compared with a column of the platform: see {@link collatedAs}. */
export const comparable = (
  columns: PlatformColumns,
  flowColumn: keyof ProtectionFlow & string,
  other: string,
): string => collatedAs(columns, `f.${flowColumn}`, `protection_flows.${flowColumn}`, other);
