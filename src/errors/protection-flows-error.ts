import { errorCodes, type ErrorCode, type ErrorStage } from './codes';

/** Survives two copies of this package in one process, where `instanceof` does not. */
const brand = Symbol.for('@sendense/protection-flows/error');

/** What an error is made of, besides its code. */
export interface ErrorParts {
  /** The fault, one sentence, naming the object at fault. Never a password. */
  readonly message: string;
  /** The fix: what to type, set or ask for. */
  readonly remedy: string;
  /** What the fault means for the caller's data, where the code's own sentence is not exact enough. */
  readonly consequence?: string;
  /** Machine-readable facts of the fault; JSON-serialisable. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The error underneath, as `Error.cause`. Never printed. */
  readonly cause?: unknown;
}

/** What `--json` prints of an error. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly consequence: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of this package: a stable `code`, the fault as `message`, its `consequence`, a `remedy`
 * and machine-readable `details`. Match on `code`, never on the message.
 */
export class ProtectionFlowsError extends Error {
  readonly code: ErrorCode;
  readonly consequence: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'ProtectionFlowsError';
    this.code = code;
    this.consequence = parts.consequence ?? errorCodes[code].consequence;
    this.remedy = parts.remedy;
    this.details = parts.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** How far the program had come; see {@link ErrorStage}. */
  get stage(): ErrorStage {
    return errorCodes[this.code].stage;
  }

  /** The error as plain data: code, message, consequence, remedy, details. No stack, no cause. */
  toJSON(): ErrorReport {
    const { code, message, consequence, remedy, details } = this;
    return { code, message, consequence, remedy, details };
  }
}

/**
 * True for an error of this package, also one that another copy of the package threw.
 * With `code`, true only for that code.
 */
export function isProtectionFlowsError(error: unknown, code?: ErrorCode): error is ProtectionFlowsError {
  return (
    typeof error === 'object' &&
    error !== null &&
    brand in error &&
    (code === undefined || (error as unknown as ProtectionFlowsError).code === code)
  );
}
