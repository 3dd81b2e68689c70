import type { ErrorCode } from './codes';

/**
 * What an error means to whoever sent the request. Codes that are not here are no fault of the request's, and nothing
 * that time would mend: 500.
 */
export const httpStatuses = {
  // The request can't be right as it is
  VALIDATION_FAILED: 400,
  REFERENCE_NOT_FOUND: 400,
  SCHEDULE_INVALID: 400,
  FLOW_NOT_FOUND: 404,
  EXECUTION_NOT_FOUND: 404,

  STATEMENT_TOO_LARGE: 413,

  // It contradicts what is there now
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

/** The HTTP status for an error's code: that of {@link httpStatuses}, 500 for any other. */
export function httpStatusOf(code: ErrorCode): number {
  return typeof code === 'string' && Object.hasOwn(httpStatuses, code)
    ? httpStatuses[code as keyof typeof httpStatuses]
    : 500;
}
