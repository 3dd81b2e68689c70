/**
 * How far the program had come when the error occurred. It decides the exit code of the command line:
 * `before-connecting` 64, `refused` 1, `failed` 2.
 */
export type ErrorStage = 'before-connecting' | 'refused' | 'failed';

/** The facts of an error code: its stage, and what the fault means for the caller's data. */
export interface ErrorCodeInfo {
  readonly stage: ErrorStage;
  /** The consequence, in one sentence. An error may have a more exact one. */
  readonly consequence: string;
}

const failed = (consequence: string) => ({ stage: 'failed', consequence }) as const;
const refused = (consequence: string) => ({ stage: 'refused', consequence }) as const;

const wrongSettings = {
  stage: 'before-connecting',
  consequence: 'Nothing was read or changed: no connection was opened.',
} as const;
const nothingChanged = 'Nothing was changed.';
const statementRefused = 'The statement was refused and had no effect; what came before it stays.';
const notDropped = 'Nothing was dropped; every row is still there.';
const keyNotAdded = 'The key was not added; no row was touched.';
const notWritten = 'The row was not written.';

/** Every error code of this package. Codes are stable, and programs may match them; messages may change. */
export const errorCodes = {
  // Configuration and usage, before any connection
  USAGE: wrongSettings,
  PACKAGE_MISSING: wrongSettings,
  CONFIG_MISSING: wrongSettings,
  CONFIG_UNREADABLE: wrongSettings,
  CONFIG_INVALID: wrongSettings,
  OPTION_REFUSED: wrongSettings,
  PLAN_FILE_UNUSABLE: wrongSettings,

  // Writing a result to a file
  FILE_NOT_WRITTEN: failed(
    'The file is as it was, or not there. What the command changed in the database stays.',
  ),

  // Reaching the server
  HOST_UNKNOWN: failed(nothingChanged),
  CONNECTION_REFUSED: failed(nothingChanged),
  CONNECTION_TIMEOUT: failed(nothingChanged),
  POOL_EXHAUSTED: failed('The statement was not sent: it got no connection. What came before it stays.'),
  CONNECTION_LOST: failed(
    'The statement under way may or may not have taken effect; everything before it has.',
  ),
  NO_WRITABLE_HOST: failed(nothingChanged),
  TLS_FAILED: failed(nothingChanged),
  ACCESS_DENIED: failed(nothingChanged),
  QUOTA_EXCEEDED: failed(statementRefused),
  DATABASE_MISSING: failed(nothingChanged),
  SERVER_UNSUPPORTED: failed(nothingChanged),
  SERVER_NOT_FOUND: failed('No private server was started.'),
  SERVER_START_FAILED: failed('No private server is running; its folder was removed.'),
  QUERY_FAILED: failed('The statement had no effect.'),
  INTERNAL: failed('The command stopped where it was; running it again is safe.'),
  INTERRUPTED: failed('The command stopped between two statements; running it again goes on from there.'),

  // Refused: going on would do harm
  PRIVILEGE_MISSING: refused(statementRefused),
  SERVER_READ_ONLY: refused(statementRefused),
  SERVER_NOT_READY: failed(statementRefused),
  SERVER_SETTING_UNSAFE: refused(
    'Nothing was refused: the server works, but with this setting it guarantees less.',
  ),
  SYNCHRONIZE_REFUSED: refused(nothingChanged),
  DROP_REFUSED: refused(nothingChanged),
  FAKE_REFUSED: refused(nothingChanged),
  PREFLIGHT_FAILED: refused(nothingChanged),
  KEYS_REFUSED: refused(
    'All pending migrations are applied and recorded; only the named keys were not added.',
  ),
  MIGRATION_UNGUARDED: refused('Nothing of this migration was executed.'),
  TABLE_BUSY: refused(
    'The statement gave up waiting and had no effect; running the command again goes on from there.',
  ),
  TABLE_COPY_REFUSED: refused('The table was left as it is; no row was touched.'),
  LOCK_LOST: failed(
    'The statement was not executed; those before it stand, and the next run goes on from there.',
  ),
  MIGRATE_LOCKED: refused(nothingChanged),
  HISTORY_OUT_OF_ORDER: refused(nothingChanged),
  HISTORY_UNKNOWN: refused(nothingChanged),
  SCHEMA_HAND_MADE: refused('The object was left as it is; no row was touched.'),
  NOTHING_TO_ADOPT: refused(nothingChanged),
  ROLLBACK_WOULD_LOSE_ROWS: refused(notDropped),
  ROLLBACK_BLOCKED_BY_KEYS: refused(notDropped),
  GUARDS_INSTALLED: refused(nothingChanged),
  GUARD_ROWS_IN_THE_WAY: refused('The index was not made; no row was touched.'),
  ENUM_VALUE_IN_USE: refused('The column was left as it is; no row was touched.'),
  FK_ORPHAN_ROWS: refused(keyNotAdded),
  FK_TYPE_MISMATCH: refused(keyNotAdded),
  FK_COLLATION_MISMATCH: refused(keyNotAdded),
  FK_PARENT_MISSING: refused('The key is deferred; a later migrate adds it.'),
  FK_PARENT_NOT_INDEXED: refused(keyNotAdded),
  FK_TABLE_PARTITIONED: refused(keyNotAdded),
  CONSTRAINT_NAME_TAKEN: refused(nothingChanged),
  ENGINE_NOT_INNODB: refused(keyNotAdded),
  SCHEMA_HALF_APPLIED: refused(nothingChanged),
  PLAN_MOVED: refused(nothingChanged),
  SCHEMA_UNFIT: refused('The program did not begin its work; nothing was changed.'),

  // The data layer
  VALIDATION_FAILED: refused(notWritten),
  STATEMENT_TOO_LARGE: refused(statementRefused),
  ID_TAKEN: refused(notWritten),
  FLOW_NAME_TAKEN: refused(notWritten),
  REFERENCE_NOT_FOUND: refused(notWritten),
  STILL_REFERENCED: refused('The row was not deleted.'),
  FLOW_NOT_FOUND: refused(nothingChanged),
  EXECUTION_NOT_FOUND: refused(nothingChanged),
  FLOW_STILL_RUNNING: refused('No run was begun; the one under way goes on.'),
  TRANSITION_REFUSED: refused('The execution stays in the state it was in.'),
  SCHEDULE_INVALID: refused(nothingChanged),
  MIGRATION_PENDING: refused(nothingChanged),
  PLATFORM_TABLE_MISSING: refused(nothingChanged),
  SESSION_UNFIT: refused('Nothing was read or written.'),
  TRANSACTION_ABORTED: failed(
    'The transaction was rolled back and can no longer be committed: nothing of it was written.',
  ),
} as const satisfies Record<string, ErrorCodeInfo>;

/** A stable error code of this package. */
export type ErrorCode = keyof typeof errorCodes;

/**
 * The HTTP status of error codes, for the sender of a request. Any other code is neither a fault of the request nor one
 * that passes with time: 500.
 */
export const httpStatuses = {
  // The request is wrong
  VALIDATION_FAILED: 400,
  REFERENCE_NOT_FOUND: 400,
  SCHEDULE_INVALID: 400,
  FLOW_NOT_FOUND: 404,
  EXECUTION_NOT_FOUND: 404,

  STATEMENT_TOO_LARGE: 413,

  // The request contradicts the present state
  ID_TAKEN: 409,
  FLOW_NAME_TAKEN: 409,
  STILL_REFERENCED: 409,
  FLOW_STILL_RUNNING: 409,
  TRANSITION_REFUSED: 409,

  // The same request may succeed later
  MIGRATION_PENDING: 503,
  TRANSACTION_ABORTED: 503,
  HOST_UNKNOWN: 503,
  CONNECTION_REFUSED: 503,
  CONNECTION_TIMEOUT: 503,
  CONNECTION_LOST: 503,
  POOL_EXHAUSTED: 503,
  NO_WRITABLE_HOST: 503,
  QUOTA_EXCEEDED: 503,
  SERVER_NOT_READY: 503,
  SERVER_READ_ONLY: 503,
} as const satisfies Partial<Record<ErrorCode, number>>;

/** The HTTP status for an error's code: from {@link httpStatuses}, or 500. */
export function httpStatusOf(code: ErrorCode): number {
  return typeof code === 'string' && Object.hasOwn(httpStatuses, code)
    ? httpStatuses[code as keyof typeof httpStatuses]
    : 500;
}
