/**
 * Where in its course a program was when the error came up. It decides the exit code of the command line:
 * `before-connecting` 64, `refused` 1, `failed` 2.
 */
export type ErrorStage = 'before-connecting' | 'refused' | 'failed';

/** What is always true of an error code: its stage, and what the fault means for the caller's data. */
export interface ErrorCodeInfo {
  readonly stage: ErrorStage;
  /** The consequence, one sentence. An error may carry a more exact one of its own. */
  readonly consequence: string;
}

const nothingRead = 'Nothing was read or changed: no connection was opened.';
const nothingChanged = 'Nothing was changed.';
const statementRefused = 'The statement was refused and had no effect; what came before it stays.';
const notWritten = 'The row was not written.';

/**
 * Every error code of this package, in one list. A code is stable: programs may match it; messages may change.
 */
export const errorCodes = {
  // Configuration and usage, before any connection
  USAGE: { stage: 'before-connecting', consequence: nothingRead },
  CONFIG_MISSING: { stage: 'before-connecting', consequence: nothingRead },
  CONFIG_UNREADABLE: { stage: 'before-connecting', consequence: nothingRead },
  CONFIG_INVALID: { stage: 'before-connecting', consequence: nothingRead },
  OPTION_REFUSED: { stage: 'before-connecting', consequence: nothingRead },

  // Reaching the server
  HOST_UNKNOWN: { stage: 'failed', consequence: nothingChanged },
  CONNECTION_REFUSED: { stage: 'failed', consequence: nothingChanged },
  CONNECTION_TIMEOUT: { stage: 'failed', consequence: nothingChanged },
  POOL_EXHAUSTED: {
    stage: 'failed',
    consequence: 'The statement was not sent: it got no connection. What came before it stays.',
  },
  CONNECTION_LOST: {
    stage: 'failed',
    consequence: 'The statement under way may or may not have taken effect; everything before it has.',
  },
  NO_WRITABLE_HOST: { stage: 'failed', consequence: nothingChanged },
  TLS_FAILED: { stage: 'failed', consequence: nothingChanged },
  ACCESS_DENIED: { stage: 'failed', consequence: nothingChanged },
  QUOTA_EXCEEDED: { stage: 'failed', consequence: statementRefused },
  DATABASE_MISSING: { stage: 'failed', consequence: nothingChanged },
  SERVER_UNSUPPORTED: { stage: 'failed', consequence: nothingChanged },
  SERVER_NOT_FOUND: { stage: 'failed', consequence: 'No private server was started.' },
  SERVER_START_FAILED: {
    stage: 'failed',
    consequence: 'No private server is running; its folder was removed.',
  },
  QUERY_FAILED: { stage: 'failed', consequence: 'The statement had no effect.' },
  INTERNAL: { stage: 'failed', consequence: 'The command stopped where it was; running it again is safe.' },
  INTERRUPTED: {
    stage: 'failed',
    consequence: 'The command stopped between two statements; running it again goes on from there.',
  },

  // Refused: something stands in the way, and doing it anyway would harm
  PRIVILEGE_MISSING: { stage: 'refused', consequence: statementRefused },
  SERVER_READ_ONLY: { stage: 'refused', consequence: statementRefused },
  SERVER_NOT_READY: { stage: 'failed', consequence: statementRefused },
  SYNCHRONIZE_REFUSED: { stage: 'refused', consequence: nothingChanged },
  DROP_REFUSED: { stage: 'refused', consequence: nothingChanged },
  FAKE_REFUSED: { stage: 'refused', consequence: nothingChanged },
  PREFLIGHT_FAILED: { stage: 'refused', consequence: nothingChanged },
  KEYS_REFUSED: {
    stage: 'refused',
    consequence: 'All that was pending is applied and recorded; only the keys named were not added.',
  },
  MIGRATION_UNGUARDED: { stage: 'refused', consequence: 'Nothing of this migration was executed.' },
  TABLE_BUSY: {
    stage: 'refused',
    consequence: 'The statement gave up waiting and had no effect; running migrate again goes on from there.',
  },
  TABLE_COPY_REFUSED: { stage: 'refused', consequence: 'The table was left as it is; no row was touched.' },
  LOCK_LOST: {
    stage: 'failed',
    consequence:
      'The statement was not executed; those before it stand, and the next run goes on from there.',
  },
  MIGRATE_LOCKED: { stage: 'refused', consequence: nothingChanged },
  HISTORY_OUT_OF_ORDER: { stage: 'refused', consequence: nothingChanged },
  HISTORY_UNKNOWN: { stage: 'refused', consequence: nothingChanged },
  SCHEMA_HAND_MADE: { stage: 'refused', consequence: 'The object was left as it is; no row was touched.' },
  NOTHING_TO_ADOPT: { stage: 'refused', consequence: nothingChanged },
  ROLLBACK_WOULD_LOSE_ROWS: {
    stage: 'refused',
    consequence: 'Nothing was dropped; every row is still there.',
  },
  ROLLBACK_BLOCKED_BY_KEYS: {
    stage: 'refused',
    consequence: 'Nothing was dropped; every row is still there.',
  },
  ENUM_VALUE_IN_USE: { stage: 'refused', consequence: 'The column was left as it is; no row was touched.' },
  FK_ORPHAN_ROWS: { stage: 'refused', consequence: 'The key was not added; no row was touched.' },
  FK_TYPE_MISMATCH: { stage: 'refused', consequence: 'The key was not added; no row was touched.' },
  FK_COLLATION_MISMATCH: { stage: 'refused', consequence: 'The key was not added; no row was touched.' },
  FK_PARENT_MISSING: { stage: 'refused', consequence: 'The key is deferred; a later migrate adds it.' },
  FK_PARENT_NOT_INDEXED: { stage: 'refused', consequence: 'The key was not added; no row was touched.' },
  FK_TABLE_PARTITIONED: { stage: 'refused', consequence: 'The key was not added; no row was touched.' },
  CONSTRAINT_NAME_TAKEN: { stage: 'refused', consequence: nothingChanged },
  ENGINE_NOT_INNODB: { stage: 'refused', consequence: 'The key was not added; no row was touched.' },
  SCHEMA_HALF_APPLIED: { stage: 'refused', consequence: nothingChanged },

  // The data layer
  VALIDATION_FAILED: { stage: 'refused', consequence: notWritten },
  STATEMENT_TOO_LARGE: { stage: 'refused', consequence: statementRefused },
  ID_TAKEN: { stage: 'refused', consequence: notWritten },
  FLOW_NAME_TAKEN: { stage: 'refused', consequence: notWritten },
  REFERENCE_NOT_FOUND: { stage: 'refused', consequence: notWritten },
  STILL_REFERENCED: { stage: 'refused', consequence: 'The row was not deleted.' },
  FLOW_NOT_FOUND: { stage: 'refused', consequence: nothingChanged },
  EXECUTION_NOT_FOUND: { stage: 'refused', consequence: nothingChanged },
  FLOW_STILL_RUNNING: { stage: 'refused', consequence: 'No run was begun; the one under way goes on.' },
  TRANSITION_REFUSED: { stage: 'refused', consequence: 'The execution stays in the state it was in.' },
  SCHEDULE_INVALID: { stage: 'refused', consequence: nothingChanged },
  MIGRATION_PENDING: { stage: 'refused', consequence: nothingChanged },
  PLATFORM_TABLE_MISSING: { stage: 'refused', consequence: nothingChanged },
  SESSION_UNFIT: { stage: 'refused', consequence: 'Nothing was read or written.' },
  TRANSACTION_ABORTED: {
    stage: 'failed',
    consequence:
      'The transaction was rolled back, and can’t be committed any more: nothing of it was written.',
  },
} as const satisfies Record<string, ErrorCodeInfo>;

/** A stable error code of this package. */
export type ErrorCode = keyof typeof errorCodes;
