import type { ErrorCode } from './codes';

/** Nothing but what the message says. */
type None = Readonly<Record<string, never>>;

/** One wrong field: its name (the column's), and a sentence for each rule that it breaks. */
export interface FieldFault {
  readonly field: string;
  /** Rule name → sentence, as class-validator gives them. */
  readonly constraints: Readonly<Record<string, string>>;
  /** Which row, counted from 1 as the server's own messages do; absent where only one was written. */
  readonly row?: number;
}

/** The faults of one source of settings. */
type WrongSettings = {
  readonly source: string;
  readonly faults: readonly {
    /** Null: the source as a whole, at that line and column. */
    readonly option: string | null;
    readonly kind: string;
    readonly message: string;
    readonly line?: number;
    readonly column?: number;
  }[];
};

/** The server's address, and the driver's own code, as far as they are known. */
type Unreachable = {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly reason?: string | undefined;
};

/** The server's number and sentence for a limit: of connections, or of what an account may do in an hour. */
type UsedUp = {
  readonly user?: string;
  /** The server's name for what is limited. */
  readonly resource?: string;
  readonly limit?: number | undefined;
  readonly errno: number | undefined;
  readonly reason: string;
};

/** The foreign key, the column `field` of its table, and the table that it refers to. */
type ByKey = {
  readonly key: string;
  readonly table: string;
  readonly field: string;
  readonly references: string;
};

/** A declared foreign key, and the table that it can't be added to, or that is in its way. */
type KeyOfTable = { readonly key: string; readonly table: string };

/** Several steps of a rollback refused: the code of each, and its own details. */
type Refusals = {
  readonly refusals: readonly (Readonly<Record<string, unknown>> & { readonly code: ErrorCode })[];
};

/** An object in another shape than declared, both in words; null: not there, or not declared. */
type Differences = readonly {
  readonly object: string;
  readonly table: string;
  readonly name: string;
  readonly property: string;
  readonly expected: string | null;
  readonly actual: string | null;
}[];

/** A connection that holds a table; null is what the session may not see. */
type Blockers = readonly {
  readonly connectionId: number;
  readonly user: string | null;
  readonly host: string | null;
  readonly command: string | null;
  readonly seconds: number | null;
  readonly transactionSeconds: number | null;
  readonly lockTables: boolean;
}[];

/** Who has the lock: its `holder` in words; times in ISO 8601, UTC. Null is what no run of this package has written. */
type Holder = {
  readonly holder: string | null;
  readonly node: string | null;
  readonly connectionId: number | null;
  readonly since: string | null;
  readonly until: string | null;
};

/** Something in the way of migrate, as preflight finds it. */
type Findings = readonly {
  readonly code: ErrorCode;
  readonly effect: string;
  readonly table: string | null;
  readonly key: string | null;
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}[];

/**
 * What the `details` of each error code hold, JSON-serialisable. `isProtectionFlowsError(error, code)` narrows to it. Where a
 * code comes up in several ways it is a union: ask with `in` which one it is.
 */
export interface ErrorDetails {
  USAGE: { readonly reason?: string };
  CONFIG_MISSING: { readonly cwd: string };
  CONFIG_UNREADABLE: { readonly path: string } | WrongSettings;
  CONFIG_INVALID:
    | WrongSettings
    | { readonly unknown: readonly string[] }
    | { readonly variable: string; readonly value: string };
  OPTION_REFUSED: { readonly option: string } | WrongSettings;

  HOST_UNKNOWN: Unreachable;
  CONNECTION_REFUSED: Unreachable | UsedUp;
  CONNECTION_TIMEOUT: Unreachable;
  /** `poolSize`: how many connections there are, all in use; null for a pool cluster of mysql2's own. */
  POOL_EXHAUSTED: { readonly poolSize: number | null; readonly waitedMs: number };
  CONNECTION_LOST: Unreachable;
  /** `code`: this package's, where it knows the failure; null for a server that answered, and takes no writes. */
  NO_WRITABLE_HOST: {
    readonly hosts: readonly {
      readonly host: string;
      readonly code: string | null;
      readonly reason: string;
    }[];
  };
  TLS_FAILED: { readonly reason?: string | undefined };
  ACCESS_DENIED: {
    readonly user?: string | undefined;
    readonly database?: string | undefined;
    readonly errno?: number | undefined;
    /** The server's own sentence. */
    readonly reason: string;
  };
  QUOTA_EXCEEDED: UsedUp;
  DATABASE_MISSING: { readonly database: string };
  SERVER_UNSUPPORTED: { readonly version: string | null; readonly comment: string | null };
  SERVER_NOT_FOUND: {
    readonly wish: { readonly flavour?: string; readonly version?: string };
    readonly rejected: readonly string[];
  };
  SERVER_START_FAILED: {
    readonly binary: string;
    readonly serverArguments: readonly string[];
    readonly log: readonly string[];
  };
  QUERY_FAILED: {
    readonly errno: number;
    readonly code?: string;
    readonly sql?: string;
    readonly database?: string;
    readonly table?: string;
  };
  INTERNAL: None;
  /** What was done until then: a prune's `deleted` and `flows`; or the statement that somebody ended. */
  INTERRUPTED:
    | None
    | { readonly id: string }
    | { readonly sql: string }
    | { readonly deleted: number; readonly flows: number };

  PRIVILEGE_MISSING: {
    readonly privilege?: string | undefined;
    readonly user?: string | undefined;
    readonly object?: string | undefined;
    readonly errno?: number | undefined;
  };
  SERVER_READ_ONLY: { readonly option?: string | undefined; readonly errno?: number | undefined };
  SERVER_NOT_READY: { readonly errno?: number | undefined };
  SYNCHRONIZE_REFUSED: None;
  DROP_REFUSED: None;
  FAKE_REFUSED: None;
  PREFLIGHT_FAILED:
    | { readonly applied: readonly string[]; readonly findings: Findings }
    | { readonly table: string; readonly column: string; readonly rows: number };
  /** The names of the migrations that were applied, and what keeps the keys from being added. */
  KEYS_REFUSED: { readonly applied: readonly string[]; readonly findings: Findings };
  MIGRATION_UNGUARDED: { readonly migration: string };
  /** Of a statement: who holds which tables, for `certain` or probably. Of rows: where, or how often it was tried. */
  TABLE_BUSY:
    | {
        readonly sql?: string;
        readonly patienceMs?: number;
        readonly tables: readonly string[];
        readonly blockers: Blockers;
        readonly certain: boolean;
      }
    | (KeyOfTable & { readonly value?: string; readonly patienceMs?: number })
    | { readonly attempts: number; readonly errno: number | null };
  TABLE_COPY_REFUSED: {
    readonly table: string;
    readonly rows: number;
    readonly bytes: number;
    readonly limitRows: number;
  };
  LOCK_LOST: { readonly lock: string; readonly holder: Holder | null };
  MIGRATE_LOCKED: { readonly lock: string; readonly holder: string };
  HISTORY_OUT_OF_ORDER: { readonly skipped: readonly string[] };
  HISTORY_UNKNOWN: { readonly unknown: readonly string[] };
  /** `errno`: of the migration lock's table. */
  SCHEMA_HAND_MADE:
    | { readonly object: string; readonly differences: Differences }
    | { readonly table: string; readonly errno: number }
    | KeyOfTable;
  NOTHING_TO_ADOPT: { readonly tables: readonly string[] };
  ROLLBACK_WOULD_LOSE_ROWS:
    | { readonly table: string; readonly column?: string; readonly rows: number }
    | { readonly table: string; readonly index: string }
    | Refusals;
  ROLLBACK_BLOCKED_BY_KEYS:
    | {
        readonly table: string;
        readonly keys: readonly { readonly name: string; readonly child: string }[];
      }
    | Refusals;
  ENUM_VALUE_IN_USE:
    | {
        readonly table: string;
        readonly column: string;
        readonly values: readonly string[];
        readonly rows: number;
      }
    | Refusals;
  /** The orphans of a key; a choice that is none for them; or what keeps them from being quarantined. */
  FK_ORPHAN_ROWS:
    | (KeyOfTable & { readonly values: number; readonly rows: number; readonly sample: readonly string[] })
    | (KeyOfTable & { readonly choice: string; readonly why: string | null })
    | { readonly foreignKey: string; readonly table: string };
  FK_TYPE_MISMATCH: KeyOfTable;
  FK_COLLATION_MISMATCH: None;
  FK_PARENT_MISSING: KeyOfTable;
  FK_PARENT_NOT_INDEXED: KeyOfTable;
  FK_TABLE_PARTITIONED: KeyOfTable;
  CONSTRAINT_NAME_TAKEN: None;
  ENGINE_NOT_INNODB: KeyOfTable;
  SCHEMA_HALF_APPLIED: None;

  VALIDATION_FAILED: { readonly entity: string; readonly fields: readonly FieldFault[] };
  /** In bytes; `maxBytes` is the session's max_allowed_packet, where the statement was not sent at all. */
  STATEMENT_TOO_LARGE: { readonly bytes: number | undefined; readonly maxBytes?: number };
  /** `stored`: the id that the database takes the given one for, where a repository has asked. */
  ID_TAKEN: { readonly entity: string; readonly field: 'id'; readonly id: string; readonly stored?: string };
  /** `stored`: the name that the database takes the given one for, where a repository has asked. */
  FLOW_NAME_TAKEN: { readonly field: 'name'; readonly name: string; readonly stored?: string };
  /** `id`: the one that was given, where a repository knows it. */
  REFERENCE_NOT_FOUND: ByKey & { readonly id?: string };
  /** A row that is to be deleted; a flow, with the key that keeps it; or rows that are to be quarantined for the sake of `foreignKey`. */
  STILL_REFERENCED:
    | ByKey
    | { readonly id: string; readonly key: string | null; readonly table: string | null }
    | {
        readonly foreignKey: string;
        readonly table: string;
        readonly key?: string;
        readonly references?: string;
        readonly rows?: number;
      };
  FLOW_NOT_FOUND: { readonly id: string };
  EXECUTION_NOT_FOUND: { readonly id: string };
  FLOW_STILL_RUNNING: { readonly flowId: string; readonly executionId: string };
  TRANSITION_REFUSED: { readonly id: string; readonly from: string; readonly to: string };
  /** The schedule that a flow names; or the columns of one, as they were given, with what is wrong with them. */
  SCHEDULE_INVALID:
    | { readonly scheduleId: string }
    | {
        readonly cron_expression: unknown;
        readonly timezone: unknown;
        readonly field: string;
        readonly faults: readonly { readonly field: string; readonly message: string }[];
      };
  /** The table that is not there; or the column that is older than the program. */
  MIGRATION_PENDING:
    | { readonly table: string; readonly column: string }
    | { readonly table: string; readonly database: string | undefined };
  PLATFORM_TABLE_MISSING: { readonly table: string };
  /** Each fault in words; the session's time zone and sql_mode as the server gives them. */
  SESSION_UNFIT: { readonly faults: readonly string[]; readonly timeZone: string; readonly sqlMode: string };
  TRANSACTION_ABORTED: { readonly errno: number | undefined } | { readonly id: string };
}
