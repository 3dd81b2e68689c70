import { select, type Queryable } from '../server/queryable';

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
