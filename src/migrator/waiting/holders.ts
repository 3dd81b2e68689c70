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
