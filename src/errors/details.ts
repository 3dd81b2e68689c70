import type { ErrorCode } from './codes';

/** No details: the message says everything. */
type None = Readonly<Record<string, never>>;

/** One wrong field: its name (that of the column), and a sentence for each rule that it breaks. */
export interface FieldFault {
  readonly field: string;
  /** Rule name → sentence, as class-validator gives them. */
  readonly constraints: Readonly<Record<string, string>>;
  /** The number of the row, from 1 as in the server's own messages; absent if only one row was written. */
  readonly row?: number;
}

/** The faults of one source of settings. */
type WrongSettings = {
  source: string;
  faults: {
    /** Null for a fault of the source as a whole, at that line and column. */
    option: string | null;
    kind: string;
    message: string;
    line?: number;
    column?: number;
  }[];
};

/** The server's address and the driver's own code, if known. */
type Unreachable = { host?: string | undefined; port?: number | undefined; reason?: string | undefined };

/** A limit that was reached, of connections or of statements in an hour: the server's number and sentence for it. */
type UsedUp = {
  user?: string;
  /** The server's name of the limit. */
  resource?: string;
  limit?: number | undefined;
  errno: number | undefined;
  reason: string;
};

/** A foreign key, the column `field` of its table, and the table that it refers to. */
type ByKey = { key: string; table: string; field: string; references: string };

/** A declared foreign key, and the table that it can't be added to, or that keeps it from being added. */
type KeyOfTable = { key: string; table: string };

/** Several refused steps of a rollback: the code of each, with its own details. */
type Refusals = { refusals: (Record<string, unknown> & { code: ErrorCode })[] };

/** Objects that differ from their declaration, both in words. `expected` is null if not declared, `actual` if missing. */
type Differences = {
  object: string;
  table: string;
  name: string;
  property: string;
  expected: string | null;
  actual: string | null;
}[];

/** Connections that hold a table. Null is what the session may not see. */
type Blockers = {
  connectionId: number;
  user: string | null;
  host: string | null;
  command: string | null;
  seconds: number | null;
  transactionSeconds: number | null;
  lockTables: boolean;
}[];

/** Who has the lock: `holder` in words; times in ISO 8601, UTC. Null is what no run of this package has written. */
type Holder = {
  holder: string | null;
  node: string | null;
  connectionId: number | null;
  since: string | null;
  until: string | null;
};

/** The findings of a preflight. */
type Findings = {
  code: ErrorCode;
  effect: string;
  table: string | null;
  key: string | null;
  message: string;
  remedy: string;
  details: Record<string, unknown>;
}[];

/** The `details` of each error code, when an error is created. */
interface Details {
  USAGE: { reason?: string };
  /** The names of the packages to install. */
  PACKAGE_MISSING: { packages: string[] };
  CONFIG_MISSING: { cwd: string };
  CONFIG_UNREADABLE: { path: string } | WrongSettings;
  CONFIG_INVALID: WrongSettings | { unknown: string[] } | { variable: string; value: string };
  OPTION_REFUSED: { option: string } | WrongSettings;

  HOST_UNKNOWN: Unreachable;
  CONNECTION_REFUSED: Unreachable | UsedUp;
  CONNECTION_TIMEOUT: Unreachable;
  /** `poolSize`: the number of connections, all in use; null for a pool cluster of mysql2. */
  POOL_EXHAUSTED: { poolSize: number | null; waitedMs: number };
  CONNECTION_LOST: Unreachable;
  /** `code`: this package's code, if it knows the failure; null for a server that answers and takes no writes. */
  NO_WRITABLE_HOST: { hosts: { host: string; code: string | null; reason: string }[] };
  TLS_FAILED: { reason?: string | undefined };
  ACCESS_DENIED: {
    user?: string | undefined;
    database?: string | undefined;
    errno?: number | undefined;
    /** The server's own sentence. */
    reason: string;
  };
  QUOTA_EXCEEDED: UsedUp;
  DATABASE_MISSING: { database: string };
  SERVER_UNSUPPORTED: { version: string | null; comment: string | null };
  SERVER_NOT_FOUND: { wish: { flavour?: string; version?: string }; rejected: string[] };
  SERVER_START_FAILED: { binary: string; serverArguments: string[]; log: string[] };
  QUERY_FAILED: { errno: number; code?: string; sql?: string; database?: string; table?: string };
  INTERNAL: None;
  /** The work done so far: a prune's `deleted` and `flows`, a recount's; or the statement that somebody ended. */
  INTERRUPTED:
    | None
    | { id: string }
    | { sql: string }
    | { deleted: number; flows: number }
    | { flows: number; recounted: number };

  PRIVILEGE_MISSING: {
    privilege?: string | undefined;
    user?: string | undefined;
    object?: string | undefined;
    errno?: number | undefined;
  };
  SERVER_READ_ONLY: { option?: string | undefined; errno?: number | undefined };
  SERVER_SETTING_UNSAFE: { setting: string; value: string; wanted: string };
  SERVER_NOT_READY: { errno?: number | undefined };
  SYNCHRONIZE_REFUSED: None;
  DROP_REFUSED: None;
  FAKE_REFUSED: None;
  PREFLIGHT_FAILED:
    { applied: string[]; findings: Findings } | { table: string; column: string; rows: number };
  /** The names of the applied migrations, and what keeps the keys from being added. */
  KEYS_REFUSED: { applied: string[]; findings: Findings };
  MIGRATION_UNGUARDED: { migration: string };
  /** `certain` is false if `blockers` are only the open transactions. Their statements are left out: they may hold secrets. */
  TABLE_BUSY:
    | { sql?: string; patienceMs?: number; tables: string[]; blockers: Blockers; certain: boolean }
    | (KeyOfTable & { value?: string; patienceMs?: number })
    | { attempts: number; errno: number | null };
  TABLE_COPY_REFUSED: { table: string; rows: number; bytes: number; limitRows: number };
  LOCK_LOST: { lock: string; holder: Holder | null };
  MIGRATE_LOCKED: { lock: string; holder: string };
  HISTORY_OUT_OF_ORDER: { skipped: string[] };
  HISTORY_UNKNOWN: { unknown: string[] };
  /** `errno`: of the migration lock's table. */
  SCHEMA_HAND_MADE:
    { object: string; differences: Differences } | { table: string; errno: number } | KeyOfTable;
  NOTHING_TO_ADOPT: { tables: string[] };
  ROLLBACK_WOULD_LOSE_ROWS:
    { table: string; column?: string; rows: number } | { table: string; index: string } | Refusals;
  ROLLBACK_BLOCKED_BY_KEYS: { table: string; keys: { name: string; child: string }[] } | Refusals;
  GUARDS_INSTALLED: { parts: { kind: string; table: string; name: string }[] } | Refusals;
  /** Up to twenty values, and up to ten ids of the rows that share each. */
  GUARD_ROWS_IN_THE_WAY: { index: string; shared: { value: string; rows: string[] }[] };
  ENUM_VALUE_IN_USE: { table: string; column: string; values: string[]; rows: number } | Refusals;
  /** The orphans of a key; a choice that does not exist for them; or what keeps them from being quarantined. */
  FK_ORPHAN_ROWS:
    | (KeyOfTable & { values: number; rows: number; sample: string[] })
    | (KeyOfTable & { choice: string; why: string | null })
    | { foreignKey: string; table: string };
  FK_TYPE_MISMATCH: KeyOfTable;
  FK_COLLATION_MISMATCH: None;
  FK_PARENT_MISSING: KeyOfTable;
  FK_PARENT_NOT_INDEXED: KeyOfTable;
  FK_TABLE_PARTITIONED: KeyOfTable;
  CONSTRAINT_NAME_TAKEN: None;
  ENGINE_NOT_INNODB: KeyOfTable;
  SCHEMA_HALF_APPLIED: None;
  PLAN_FILE_UNUSABLE: { path: string };
  FILE_NOT_WRITTEN: { path: string };
  /** Each changed thing: its name, how it was planned, and how it was found; null if it did not, or does not, exist. */
  PLAN_MOVED: { moved: readonly { what: string; planned: string | null; found: string | null }[] };
  /** As `checkSchema` returns them. */
  SCHEMA_UNFIT: {
    state: string;
    pending: readonly string[];
    unknown: readonly { name: string; breaking: false | string | null }[];
    differences: Readonly<Differences>;
  };

  VALIDATION_FAILED: { entity: string; fields: readonly FieldFault[] };
  /** In bytes; `maxBytes` is the session's max_allowed_packet, if the statement was not sent at all. */
  STATEMENT_TOO_LARGE: { bytes: number | undefined; maxBytes?: number };
  /** `stored`: the equal id in the database, if a repository has asked for it. */
  ID_TAKEN: { entity: string; field: 'id'; id: string; stored?: string };
  /** `stored`: the equal name in the database, if a repository has asked for it. */
  FLOW_NAME_TAKEN: { field: 'name'; name: string; stored?: string };
  /** `id`: the given id, if a repository knows it. */
  REFERENCE_NOT_FOUND: ByKey & { id?: string };
  /** A row to delete; a flow, with the key that keeps it; or rows to quarantine for `foreignKey`. */
  STILL_REFERENCED:
    | ByKey
    | { id: string; key: string | null; table: string | null }
    | { foreignKey: string; table: string; key?: string; references?: string; rows?: number };
  FLOW_NOT_FOUND: { id: string };
  EXECUTION_NOT_FOUND: { id: string };
  FLOW_STILL_RUNNING: { flowId: string; executionId: string };
  TRANSITION_REFUSED: { id: string; from: string; to: string };
  /** The schedule of a flow; or the given columns of a schedule, with their faults. */
  SCHEDULE_INVALID:
    | { scheduleId: string }
    | {
        cron_expression: unknown;
        timezone: unknown;
        field: string;
        faults: { field: string; message: string }[];
      };
  /** The column that is older than the program; or the missing table. */
  MIGRATION_PENDING: { table: string; column: string } | { table: string; database: string | undefined };
  PLATFORM_TABLE_MISSING: { table: string };
  /** Each fault in words; the session's time zone and sql_mode as the server returns them. */
  SESSION_UNFIT: { faults: string[]; timeZone: string; sqlMode: string };
  TRANSACTION_ABORTED: { errno: number | undefined } | { id: string };
}

/** The same type, read-only. */
type Frozen<Value> = Value extends readonly (infer Element)[]
  ? readonly Frozen<Element>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Frozen<Value[Name]> }
    : Value;

/**
 * The type of the `details` of each error code, JSON-serialisable. `isProtectionFlowsError(error, code)` narrows to it. For
 * a code with several causes it is a union: use `in` to tell which one it is.
 */
export type ErrorDetails = Frozen<Details>;
