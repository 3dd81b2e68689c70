import { select, type Queryable, marks } from '../server/queryable';

/** A connection that holds a table. Its statement is left out: it may contain secrets. */
export interface Blocker {
  readonly connectionId: number;
  /** This and the next three are null where the session may not see them. */
  readonly user: string | null;
  readonly host: string | null;
  /** Its command in the process list: `Sleep` while it is idle. */
  readonly command: string | null;
  /** The time it has spent in that command, in seconds. */
  readonly seconds: number | null;
  /** The age of its transaction, in seconds; null where it has none, or the session may not see it. */
  readonly transactionSeconds: number | null;
  /** True where it holds the table by LOCK TABLES. */
  readonly lockTables: boolean;
}

/** Who holds a table, and the source of this knowledge. */
export interface Holders {
  readonly tables: readonly string[];
  /** The oldest first. With `from: 'transactions'` they are candidates: each may hold the table. */
  readonly blockers: readonly Blocker[];
  /** `locks`: the server's list of metadata locks; `transactions`: open transactions; `nothing`: the user sees neither. */
  readonly from: 'locks' | 'transactions' | 'nothing';
  /** The session's user as GRANT takes it. */
  readonly user: string;
  /** SQL for an administrator, after which the holder can be named for certain; null where it is already, or none helps. */
  readonly remedy: string | null;
}

/** A wait whose holders are to be found. */
export interface Wanted {
  /** The connection that waits; null where it no longer waits. */
  readonly waiterId: number | null;
  /** The statement that waits or waited. */
  readonly sql: string;
  /** The waiting process's other connections, which hold no table. */
  readonly ownThreads?: readonly number[];
}

/** A database object with a metadata lock. */
export interface LockedObject {
  readonly type: string;
  readonly schema: string | null;
  readonly name: string | null;
}

/** The locked objects and their holders, read from a list of locks. */
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

/** The host of a PROCESSLIST row, without the client's port. */
export function withoutPort(host: string | null): string | null {
  return host?.replace(/:\d+$/, '') ?? null;
}

/**
 * The open transactions that may hold a table of this database, the oldest first. InnoDB does not list the tables of a
 * transaction, so transactions of connections to another database are left out.
 *
 * Needs PROCESS. The list may be 0.1 s old (InnoDB caches it). trx_started is in the operating system's time zone, not
 * the session's (seen on MariaDB 10.11 and MySQL 9.7).
 * @see https://mariadb.com/kb/en/information-schema-innodb_trx-table/
 * @throws the server's error where the user has no PROCESS
 */
export async function openTransactions(
  session: Queryable,
  { waiterId, ownThreads = [] }: Wanted,
): Promise<Blocker[]> {
  // STRAIGHT_JOIN: read first, a PROCESSLIST without other users' rows would hide from MySQL that PROCESS is missing
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

/** Locks on the whole server or schema that every writer takes; they block only a backup. */
const harmless = [
  'INTENTION_EXCLUSIVE',
  'BACKUP_DML',
  'BACKUP_TRANS_DML',
  'BACKUP_SYS_DML',
  'BACKUP_DDL',
  'BACKUP_ALTER_COPY',
  'BACKUP_COMMIT',
];
/** The locks that block a reader. DDL finally needs the table exclusively, so every other lock blocks it. */
const againstReaders = ['SHARED_NO_READ_WRITE', 'EXCLUSIVE'];
/** The locks that only LOCK TABLES keeps for long. */
const ofLockTables = /SHARED_READ_ONLY|SHARED_NO_READ_WRITE/;

const isDdl = (sql: string): boolean => /^\s*(ALTER|CREATE|DROP|RENAME|TRUNCATE)\b/i.test(sql);
const numberOf = (value: number | string | null): number | null => (value === null ? null : Number(value));

/** One blocker for each connection, the oldest first, and the objects that they hold. */
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
 * Reads the locks from performance_schema. MySQL lists them by default; MariaDB only with performance_schema=ON and the
 * instrument wait/lock/metadata/sql/mdl. Null where it lists nothing about the wait.
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
  // The object that it waits for now may be one that its SQL does not name: a child of the table that it drops
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
 * Reads the locks from MariaDB's plugin metadata_lock_info, where it is installed. Any user may read it, but sees the user
 * and host of other users' connections only with PROCESS (tried on 10.11).
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
