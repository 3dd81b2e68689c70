import { fromServerError, isLostToAnother, ProtectionFlowsError } from '../../errors';
import { errnoOf, select, type Queryable } from '../server/queryable';

/** The name of the table's only row. */
export const leaseName = 'migrate';

/** The lease's row. A free lease has nulls; so may a row that somebody else wrote. */
interface LeaseRow {
  /** Null where nobody holds the lease. */
  readonly owner: string | null;
  /** For people: process, host, version. */
  readonly holder: string | null;
  readonly node: string | null;
  /** The id of the holder's connection on that node. */
  readonly connectionId: number | null;
  /** ISO 8601 in UTC. */
  readonly since: string | null;
  /** ISO 8601 in UTC; in the past where the lease has expired. */
  readonly until: string | null;
}

/** A lease that somebody holds. */
export type LeaseHolder = LeaseRow & { readonly owner: string };

/** The holder's server, by name and port. */
const serverOf = ({ node }: LeaseRow): string => node?.split(' ')[0] ?? 'an unknown server';

/** The holder in words. Pure. */
export function describeHolder(row: LeaseRow): string {
  const id = row.connectionId === null ? '' : `connection ${row.connectionId} `;
  return `${row.holder ?? 'somebody'}, since ${row.since ?? 'an unknown time'} (${id}on ${serverOf(row)})`;
}

/** How to end a holder on another server: the id of its connection is valid there only. Pure. */
function remedyForHolder(row: LeaseRow): string {
  const kill =
    row.connectionId === null ? '' : `, or on its server, ${serverOf(row)}: KILL ${row.connectionId}`;
  return `Wait for it and run again; if it hangs, end its process${kill}. After its end, its lock expires by itself${row.until === null ? '' : ` (at ${row.until}, unless it is renewed)`}.`;
}

/** Who holds the lock, and how to end that holder if it hangs. */
export interface Rival {
  readonly holder: string;
  readonly isMigrate: boolean;
  readonly remedy: string;
}

/** A migrate on the same server. Pure. */
export const onThisServer = (holder: string, connectionId: number | null): Rival => ({
  holder,
  isMigrate: true,
  remedy: `Wait for it and run again; if it hangs, end its connection (KILL ${connectionId ?? '<id>'}).`,
});

/** A migrate on another server of the cluster. Pure. */
export const onAnotherServer = (row: LeaseHolder): Rival => ({
  holder: describeHolder(row),
  isMigrate: true,
  remedy: remedyForHolder(row),
});

/** A holder of the table that is no migrate: LOCK TABLES, a backup, an administrator's transaction. */
export const lockedRow = (table: string): Rival => ({
  holder: `a connection that has locked ${table}`,
  isMigrate: false,
  remedy:
    'Find it as an administrator (SHOW FULL PROCESSLIST), let it end or KILL it, and run the command again.',
});

/** The columns of the lease's table. */
export const leaseColumns: Readonly<Record<string, string>> = {
  /** The row's name, always `migrate`. */
  name: 'varchar(32) NOT NULL',
  /** A random id of the run that has the lock. Null: nobody has it. */
  owner: 'char(36) NULL',
  /** How often the lock was taken: a holder that lost it is known by an older number. */
  fence: 'bigint unsigned NOT NULL DEFAULT 0',
  /** Who has it, for people: process, host, version. */
  holder: 'varchar(255) NULL',
  /** The server on which the holder works. */
  node: 'varchar(255) NULL',
  /** The number of its session there, for a KILL. */
  connection_id: 'bigint unsigned NULL',
  /** Since when it is held. */
  taken_at: 'datetime(3) NULL',
  /** When it runs out, unless its holder renews it. */
  expires_at: 'datetime(3) NULL',
};

/** Creates the table and its row unless they are there. */
export async function ensureLeaseTable(session: Queryable, table: string): Promise<void> {
  await session.query(
    `CREATE TABLE IF NOT EXISTS ${table} (
  ${Object.entries(leaseColumns)
    .map(([column, definition]) => `${column} ${definition}`)
    .join(',\n  ')},
  PRIMARY KEY (name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  );
  await ensureLeaseRow(session, table);
}

/** Creates the row, which somebody may have deleted. */
export async function ensureLeaseRow(session: Queryable, table: string): Promise<void> {
  await session.query(`INSERT IGNORE INTO ${table} (name) VALUES ('${leaseName}')`);
}

/** Reads the lease's row; null where somebody has deleted it. */
export async function readLease(session: Queryable, table: string): Promise<LeaseRow | null> {
  const iso = (column: string): string => `DATE_FORMAT(${column}, '%Y-%m-%dT%H:%i:%sZ')`;
  const [row] = await select<LeaseRow>(
    session,
    `SELECT owner, holder, node, connection_id AS connectionId, ${iso('taken_at')} AS since, ${iso('expires_at')} AS until
       FROM ${table} WHERE name = '${leaseName}'`,
  );
  if (row === undefined) return null;
  return { ...row, connectionId: row.connectionId === null ? null : Number(row.connectionId) };
}

/** Reads the holder; null where nobody holds the lease. */
export async function readHolder(session: Queryable, table: string): Promise<LeaseHolder | null> {
  const row = await readLease(session, table);
  return row === null || row.owner === null ? null : { ...row, owner: row.owner };
}

/** The statement was interrupted (1317), or exceeded its time limit (MariaDB 1969, MySQL 3024). */
const cutShort = [1317, 1969, 3024];

/**
 * The server's message where somebody has dropped or altered the table, or replaced it by a view; else null. Every server
 * error without another known meaning counts as such. Pure.
 */
export function tableFault(error: unknown): string | null {
  const errno = errnoOf(error);
  if (errno === null || cutShort.includes(errno)) return null;
  if (fromServerError(error) !== null || isLostToAnother(error)) return null;
  const { sqlMessage, message = '' } = error as { sqlMessage?: string; message?: string };
  return sqlMessage ?? message;
}

/** SCHEMA_HAND_MADE for a table that can't hold the lease: altered by somebody, or a view. Any other error unchanged. */
export async function unusableTable(session: Queryable, table: string, error: unknown): Promise<unknown> {
  const fault = tableFault(error);
  if (fault === null) return error;
  const kinds = await select<{ kind: string }>(
    session,
    'SELECT TABLE_TYPE AS kind FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table],
  ).catch(() => null);
  // It could not even be made, which is nobody's hand
  if (kinds?.length === 0) return error;
  const kind = kinds?.[0]?.kind === 'VIEW' ? 'VIEW' : 'TABLE';
  return new ProtectionFlowsError('SCHEMA_HAND_MADE', {
    message: `${table}, the table of the migration lock, is not as this program creates it: ${fault}`,
    consequence: 'Nothing was changed.',
    remedy: `Make sure that no migrate is running, then DROP ${kind} ${table}. It contains only the lock, and the next run creates it again.`,
    details: { table, errno: errnoOf(error) ?? 0 },
    cause: error,
  });
}
