import { errorCodes, type ErrorCode, type ErrorStage } from './codes';
import type { ErrorDetails, FieldFault } from './details';

/** Marks our errors also for another copy of this package in the process, where `instanceof` is false. */
const brand = Symbol.for('@sendense/protection-flows/error');

/** Facts by name; JSON-serialisable. */
type Facts = Readonly<Record<string, unknown>>;

/** Requires `details` for a code whose {@link ErrorDetails} have a required property. */
type WithDetails<Code extends ErrorCode> =
  Record<never, never> extends ErrorDetails[Code]
    ? { readonly details?: ErrorDetails[Code] | undefined }
    : { readonly details: ErrorDetails[Code] };

interface Sentences {
  /** The fault in one sentence that names the object at fault. Never a password. */
  readonly message: string;
  /** The fix: what to type, set or ask for. */
  readonly remedy: string;
  /** What the fault means for the caller's data, if the code's own sentence is not exact enough. */
  readonly consequence?: string | undefined;
  /** The original error, as `Error.cause`. Never printed. */
  readonly cause?: unknown;
}

/** The parts of an error besides its code: its sentences, and the `details` that {@link ErrorDetails} has for the code. */
export type ErrorParts<Code extends ErrorCode> = Sentences & WithDetails<Code>;

/** An error as `--json` prints it. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly consequence: string;
  readonly remedy: string;
  readonly details: Facts;
}

/**
 * The one error class of this package: a stable `code`, the fault as `message`, its `consequence`, a `remedy`
 * and machine-readable `details`. Match on `code`, never on the message; {@link isProtectionFlowsError} with a code gives
 * `details` the type that {@link ErrorDetails} has for it.
 */
export class ProtectionFlowsError<
  Code extends ErrorCode = ErrorCode,
  Details extends Facts = Facts,
> extends Error {
  readonly code: Code;
  readonly consequence: string;
  readonly remedy: string;
  readonly details: Details;

  constructor(code: Code, parts: ErrorParts<Code>) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'ProtectionFlowsError';
    this.code = code;
    this.consequence = parts.consequence ?? errorCodes[code].consequence;
    this.remedy = parts.remedy;
    this.details = (parts.details ?? {}) as Facts as Details;
    Object.defineProperty(this, brand, { value: true });
  }

  /** How far the program had come: {@link ErrorStage}. */
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
 * With `code`, true only for that code, and `error.details` has what {@link ErrorDetails} names for it.
 */
export function isProtectionFlowsError(error: unknown): error is ProtectionFlowsError;
export function isProtectionFlowsError<Code extends ErrorCode>(
  error: unknown,
  code: Code,
): error is ProtectionFlowsError<Code, ErrorDetails[Code]>;
export function isProtectionFlowsError(error: unknown, code?: ErrorCode): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    brand in error &&
    (code === undefined || (error as unknown as ProtectionFlowsError).code === code)
  );
}

/** For `catch`: returns `answer` if the server denied the user the statement. Throws any other error again. */
export const whereDenied =
  <const Answer>(answer: Answer) =>
  (error: unknown): Answer => {
    if (isProtectionFlowsError(error, 'PRIVILEGE_MISSING')) return answer;
    throw error;
  };

function refusal(
  subject: string,
  fields: readonly FieldFault[],
  more: { readonly consequence?: string; readonly cause?: unknown },
): ProtectionFlowsError<'VALIDATION_FAILED'> {
  const sentences = fields.flatMap((fault) => Object.values(fault.constraints));
  return new ProtectionFlowsError('VALIDATION_FAILED', {
    message: `${subject} is not valid: ${sentences.join('; ')}`,
    remedy: `Correct ${[...new Set(fields.map((fault) => fault.field))].join(', ')} and send it again.`,
    details: { entity: subject, fields },
    ...more,
  });
}

/**
 * Creates the error for a row that breaks a rule: one of class-validator before the statement, or a CHECK, type or NOT NULL
 * of the database after it.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments
 */
export function validationFailed(
  entity: string,
  fields: readonly FieldFault[],
  cause?: unknown,
): ProtectionFlowsError<'VALIDATION_FAILED'> {
  const faults = [
    ...(typeof entity === 'string' ? [] : [faultOf('entity', 'isString', 'must be a text')]),
    ...(areFaults(fields) ? [] : [faultOf('fields', 'isFaults', 'must be a list of { field, constraints }')]),
  ];
  if (faults.length > 0) throw argumentsRefused('validationFailed', faults);
  return refusal(entity, fields, { cause });
}

const faultOf = (field: string, rule: string, sentence: string): FieldFault => ({
  field,
  constraints: { [rule]: `${field} ${sentence}` },
});

/** True for faults that {@link refusal} can print. False also if a getter of the caller throws. */
function areFaults(fields: unknown): boolean {
  const isFault = (one: Partial<FieldFault> | null | undefined): boolean =>
    typeof one?.field === 'string' &&
    typeof one.constraints === 'object' &&
    Object.values(one.constraints).every((text) => typeof text === 'string');
  try {
    return Array.isArray(fields) && Array.from(fields).every(isFault);
  } catch {
    return false;
  }
}

/**
 * Creates the error for a call with wrong arguments, before the call asks the server anything. `entity` in its details is
 * the called function, or the entity to be written.
 */
export function argumentsRefused(
  subject: string,
  fields: readonly FieldFault[],
): ProtectionFlowsError<'VALIDATION_FAILED'> {
  return refusal(subject, fields, { consequence: 'Nothing was read or written.' });
}

const passing: ReadonlySet<string | null> = new Set<ErrorCode | null>([
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'CONNECTION_LOST',
  'SERVER_NOT_READY',
  'HOST_UNKNOWN',
  // A host that answers, but takes no writes yet
  null,
]);

/** True for faults that may pass by themselves: the server is still starting, or its address is not known yet. */
export function isPassing(error: unknown): error is ProtectionFlowsError {
  if (!isProtectionFlowsError(error)) return false;
  if (!isProtectionFlowsError(error, 'NO_WRITABLE_HOST')) return passing.has(error.code);
  return error.details.hosts.some(({ code }) => passing.has(code));
}

/** The peer dependencies that are not optional: a program that connects with the data layer needs them all. */
export const neededPackages = ['class-validator', 'mysql2', 'reflect-metadata', 'typeorm'] as const;

function isMissing(name: string): boolean {
  try {
    require.resolve(name);
    return false;
  } catch {
    return true;
  }
}

/** The package of a module that Node.js did not find; null for another error, and for a file that is not there. */
function missingPackage(error: unknown): string | null {
  const { code, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (code !== 'MODULE_NOT_FOUND') return null;
  return /^Cannot find module '((?:@[^/']+\/)?[^./'][^/']*)[^']*'/.exec(message ?? '')?.[1] ?? null;
}

/**
 * The error for a package that was imported but is not installed. It also names the other needed packages that are not
 * installed. Null if `error` is another one.
 */
export function packageMissing(error: unknown): ProtectionFlowsError<'PACKAGE_MISSING'> | null {
  const missed = missingPackage(error);
  if (missed === null) return null;
  const packages = [...new Set([missed, ...neededPackages.filter(isMissing)])].sort();
  const [verb, them] = packages.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return new ProtectionFlowsError('PACKAGE_MISSING', {
    message: `${packages.join(', ')} ${verb} not installed, and this package needs ${them}`,
    remedy: `npm install ${packages.join(' ')}`,
    details: { packages },
    cause: error,
  });
}

/**
 * Calls `load`, which loads a part of this package or a package that it needs.
 *
 * @throws ProtectionFlowsError PACKAGE_MISSING in place of Node.js' own MODULE_NOT_FOUND, which is its cause
 */
export function loaded<Part>(load: () => Part): Part {
  try {
    return load();
  } catch (error) {
    throw packageMissing(error) ?? error;
  }
}
