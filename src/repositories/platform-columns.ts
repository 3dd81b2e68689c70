import type { DataSource } from 'typeorm';
import { ProtectionFlow } from '../entities';
import type { Session } from './session';

/** Charset and collation of a text column. */
interface TextColumn {
  readonly charset: string;
  readonly collation: string;
}

/** `table.column` → its collation, null for one that holds no text, for the tables that are there and may be seen. */
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

/** A platform table that is made meanwhile is noticed within so many milliseconds. */
const maxAgeMs = 30_000;

/**
 * The catalog no longer is what it was: no such table (1146), no such column (1054), collations that don't go together
 * (1267, 1271), or one of another charset (1253).
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

/** The catalog of the package's tables and of those of the platform's that they are joined to; read once, and again when it is older than 30 seconds. */
function platformColumns(session: Session): Promise<PlatformColumns> {
  const source = session.manager.connection;
  const found = known.get(source);
  if (found !== undefined && Date.now() - found.readAt < maxAgeMs) return found.columns;
  const columns = read(session);
  known.set(source, { columns, readAt: Date.now() });
  columns.catch(() => known.delete(source));
  return columns;
}

/**
 * Runs a query that rests on the catalog; where the server's answer shows that the catalog has changed, once more with
 * a fresh one.
 */
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

/** The type of a column of JSON_TABLE that is compared with a text column: that one's index can be used then. */
export function comparableText(columns: PlatformColumns, column: string, length: number): string {
  const own = columns.get(column);
  return `varchar(${length})${!own ? '' : ` CHARACTER SET ${own.charset} COLLATE ${own.collation}`}`;
}

/**
 * A column, written so that it can be compared with another one, whose index can still be used: an explicit COLLATE on
 * this side decides (errno 1267 without it, where collations differ).
 *
 * @param sql the column in the statement, as `f.target_id`
 * @param column the same by its table's name; `other` likewise
 * @see https://dev.mysql.com/doc/refman/8.4/en/charset-collation-coercibility.html
 */
export function collatedAs(columns: PlatformColumns, sql: string, column: string, other: string): string {
  const own = columns.get(column);
  const parent = columns.get(other);
  if (!own || !parent || own.collation === parent.collation) return sql;
  const text = own.charset === parent.charset ? sql : `CONVERT(${sql} USING ${parent.charset})`;
  return `${text} COLLATE ${parent.collation}`;
}

/** A column of the flow `f`, to be compared with a column of the platform's: see {@link collatedAs}. */
export const comparable = (
  columns: PlatformColumns,
  flowColumn: keyof ProtectionFlow & string,
  other: string,
): string => collatedAs(columns, `f.${flowColumn}`, `protection_flows.${flowColumn}`, other);
