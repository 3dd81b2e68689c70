import { select, type Queryable, marks } from '../server/queryable';

/** A connection that holds a table, as far as the server tells. Its statement is left out: it may hold secrets. */
export interface Blocker {
  readonly connectionId: number;
  /** Null where the session may not see it; so are the others. */
  readonly user: string | null;
  readonly host: string | null;
  /** What it does: `Sleep` while it is idle. */
  readonly command: string | null;
  /** For how long it has been doing that. */
  readonly seconds: number | null;
  /** How long its transaction has been open; null where it has none, or none is to be seen. */
  readonly transactionSeconds: number | null;
  /** True where it holds the table by LOCK TABLES. */
  readonly lockTables: boolean;
}

/** Who holds a table, and how that is known. */
export interface Holders {
  readonly tables: readonly string[];
  /** The longest first; those that only may hold it where `from` is `transactions`. */
  readonly blockers: readonly Blocker[];
  /** `locks`: the server's list of them; `transactions`: those that are open; `nothing`: the user sees neither. */
  readonly from: 'locks' | 'transactions' | 'nothing';
  /** The session's user as GRANT takes it. */
  readonly user: string;
  /** What an administrator may execute so that the holder can be named for certain; null where it is, or none helps. */
  readonly remedy: string | null;
}

/** What is waited for. */
export interface Wanted {
  /** The connection that waits; null where nobody waits any more. */
  readonly waiterId: number | null;
  /** The statement that waits or waited. */
  readonly sql: string;
  /** Connections that are known to hold up nobody: the waiter's own, beside the one that waits. */
  readonly ownThreads?: readonly number[];
}

/** An object that a lock is held on. */
export interface LockedObject {
  readonly type: string;
  readonly schema: string | null;
  readonly name: string | null;
}

/** What a list of locks says of the wanted objects. */
export interface LockList {
  readonly objects: readonly LockedObject[];
  readonly blockers: readonly Blocker[];
}

interface TransactionRow {
  readonly id: number | string;
  readonly user: string;
  readonly host: string;
  readonly command: string;
  readonly seconds: number | string;
  readonly transaction: number | string;
}

/** The host of a PROCESSLIST's row, which has the client's port behind it. */
export function withoutPort(host: string | null): string | null {
  return host?.replace(/:\d+$/, '') ?? null;
}

/**
 * The transactions that may hold a table of this database, the longest first. A transaction says neither which tables
 * it has read nor of which database, so those of connections that work in another database are left out.
 *
 * Needs PROCESS. The list may be 0.1 s old (InnoDB keeps it for so long). trx_started is in the operating system's time
 * zone, not the session's (seen on MariaDB 10.11 and MySQL 9.7).
 * @see https://mariadb.com/kb/en/information-schema-innodb_trx-table/
 * @throws the server's error where the user has no PROCESS
 */
export async function openTransactions(
  session: Queryable,
  { waiterId, ownThreads = [] }: Wanted,
): Promise<Blocker[]> {
  // STRAIGHT_JOIN: MySQL, beginning with a PROCESSLIST of nobody else, would not find out that PROCESS is missing
  const rows = await select<TransactionRow>(
    session,
    `SELECT p.ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command, p.TIME AS seconds,
            TIMESTAMPDIFF(SECOND, t.trx_started, CONVERT_TZ(NOW(), @@SESSION.time_zone, 'SYSTEM')) AS transaction
       FROM information_schema.INNODB_TRX t
       STRAIGHT_JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
      WHERE p.ID NOT IN (CONNECTION_ID(), ${[waiterId ?? 0, ...ownThreads].join(', ')}) AND (p.DB IS NULL OR p.DB = DATABASE())
      ORDER BY t.trx_started, p.ID`,
  );
  return rows.map((row) => ({
    connectionId: Number(row.id),
    user: row.user,
    host: withoutPort(row.host),
    command: row.command,
    seconds: Number(row.seconds),
    transactionSeconds: Number(row.transaction),
    lockTables: false,
  }));
}

interface LockRow {
  readonly id: number | string;
  readonly user: string | null;
  readonly host: string | null;
  readonly command: string | null;
  readonly seconds: number | string | null;
  readonly transaction: number | string | null;
  readonly type: string;
  readonly name: string | null;
}

/** Locks that every writer has on the whole server or schema, and that stand in nobody's way but a backup's. */
const harmless = [
  'INTENTION_EXCLUSIVE',
  'BACKUP_DML',
  'BACKUP_TRANS_DML',
  'BACKUP_SYS_DML',
  'BACKUP_DDL',
  'BACKUP_ALTER_COPY',
  'BACKUP_COMMIT',
];
/** The locks that stand in a reader's way; DDL needs the table for itself in the end, so to it all do. */
const againstReaders = ['SHARED_NO_READ_WRITE', 'EXCLUSIVE'];
/** The locks that only LOCK TABLES takes for long. */
const ofLockTables = /SHARED_READ_ONLY|SHARED_NO_READ_WRITE/;

const isDdl = (sql: string): boolean => /^\s*(ALTER|CREATE|DROP|RENAME|TRUNCATE)\b/i.test(sql);
const numberOf = (value: number | string | null): number | null => (value === null ? null : Number(value));

/** One blocker for each connection, the longest first, and the objects that they hold. */
function lockList(rows: readonly LockRow[], wanted: readonly LockedObject[], sql: string): LockList {
  const byId = new Map<number, Blocker>();
  const held = new Set<string | null>();
  for (const row of rows) {
    const mode = row.type.replace(/^MDL_/, '');
    if (isDdl(sql) ? harmless.includes(mode) : !againstReaders.includes(mode)) continue;
    const connectionId = Number(row.id);
    held.add(row.name);
    byId.set(connectionId, {
      connectionId,
      user: row.user,
      host: row.host,
      command: row.command,
      seconds: numberOf(row.seconds),
      transactionSeconds: numberOf(row.transaction),
      lockTables: ofLockTables.test(mode) || byId.get(connectionId)?.lockTables === true,
    });
  }
  const age = (blocker: Blocker): number => blocker.transactionSeconds ?? blocker.seconds ?? 0;
  const blockers = [...byId.values()].sort(
    (one, other) => age(other) - age(one) || one.connectionId - other.connectionId,
  );
  return { objects: wanted.filter(({ name }) => blockers.length === 0 || held.has(name)), blockers };
}

/**
 * What performance_schema says. On MySQL it lists the locks by default; on MariaDB only with performance_schema=ON
 * and the instrument wait/lock/metadata/sql/mdl.
 * @see https://dev.mysql.com/doc/refman/8.4/en/performance-schema-metadata-locks-table.html
 */
export async function performanceSchema(
  session: Queryable,
  wanted: Wanted,
  named: readonly LockedObject[],
): Promise<LockList | null> {
  const pending = await select<LockedObject>(
    session,
    `SELECT l.OBJECT_TYPE AS type, l.OBJECT_SCHEMA AS \`schema\`, l.OBJECT_NAME AS name
       FROM performance_schema.metadata_locks l
       JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
      WHERE l.LOCK_STATUS = 'PENDING' AND t.PROCESSLIST_ID = ?`,
    [wanted.waiterId],
  );
  // What it waits for at this moment, such as a table whose key refers to the one that is dropped
  const objects = pending.length > 0 ? pending : named;
  if (objects.length === 0) return null;
  const rows = await select<LockRow>(
    session,
    `SELECT t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS user, t.PROCESSLIST_HOST AS host,
            t.PROCESSLIST_COMMAND AS command, t.PROCESSLIST_TIME AS seconds, l.LOCK_TYPE AS type, l.OBJECT_NAME AS name,
            FLOOR(e.TIMER_WAIT / 1000000000000) AS transaction
       FROM performance_schema.metadata_locks l
       JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
       LEFT JOIN performance_schema.events_transactions_current e
         ON e.THREAD_ID = l.OWNER_THREAD_ID AND e.STATE = 'ACTIVE'
      WHERE l.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID NOT IN (CONNECTION_ID(), ?)
        AND (${objects.map(() => '(l.OBJECT_TYPE = ? AND l.OBJECT_SCHEMA <=> ? AND l.OBJECT_NAME <=> ?)').join(' OR ')})`,
    [wanted.waiterId ?? 0, ...objects.flatMap(({ type, schema, name }) => [type, schema, name])],
  );
  const list = lockList(rows, objects, wanted.sql);
  return pending.length === 0 && list.blockers.length === 0 ? null : list;
}

/**
 * What MariaDB's plugin metadata_lock_info says, where it is installed. Any user may read it; the user and host of
 * others' connections take PROCESS (tried on 10.11).
 * @see https://mariadb.com/kb/en/metadata-lock-info-plugin/
 */
export async function lockPlugin(
  session: Queryable,
  wanted: Wanted,
  objects: readonly LockedObject[],
): Promise<LockList | null> {
  if (objects.length === 0) return null;
  const names = objects.map((object) => object.name);
  const rows = await select<LockRow>(
    session,
    `SELECT l.THREAD_ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command, p.TIME AS seconds,
            l.LOCK_MODE AS type, l.TABLE_NAME AS name, NULL AS transaction
       FROM information_schema.METADATA_LOCK_INFO l
       LEFT JOIN information_schema.PROCESSLIST p ON p.ID = l.THREAD_ID
      WHERE l.THREAD_ID NOT IN (CONNECTION_ID(), ?) AND l.TABLE_SCHEMA IN (${marks(objects)})
        AND l.TABLE_NAME IN (${marks(names)})`,
    [wanted.waiterId ?? 0, ...objects.map((object) => object.schema), ...names],
  );
  const transactions = await openTransactions(session, wanted).catch(() => []);
  const list = lockList(rows, objects, wanted.sql);
  const blockers = list.blockers.map((blocker) => {
    const open = transactions.find(({ connectionId }) => connectionId === blocker.connectionId);
    return {
      ...blocker,
      host: withoutPort(blocker.host),
      transactionSeconds: open?.transactionSeconds ?? null,
    };
  });
  return { ...list, blockers };
}
