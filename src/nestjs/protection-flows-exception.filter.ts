import { type ErrorCode, isProtectionFlowsError, type ProtectionFlowsError } from '../errors';
import { fromServerError } from '../validation/server-errors';
import type { ServerResponse } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';

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

/** What a client gets for a {@link ProtectionFlowsError}. */
export interface ProtectionFlowsErrorBody {
  /** The HTTP status, as in the bodies of NestJS's own exceptions. */
  readonly statusCode: number;
  /** What programs match on. */
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do about it; not there where the fault is the service's (5xx). */
  readonly remedy?: string;
  /** The facts of the fault, such as `fields`; empty where the fault is the service's. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What Express's response and Fastify's reply have in common. */
interface HttpReply {
  status(code: number): HttpReply;
  type(contentType: string): HttpReply;
  send(body: object): unknown;
  /** Fastify's way to Node's response; Express's response is one. */
  readonly raw?: ServerResponse;
}

/** Messages and remedies of these are for operators: they name hosts, accounts and statements. */
function messageForClient(statusCode: number): string {
  return statusCode === 503
    ? 'The service cannot do this at the moment; try again later.'
    : 'Internal server error';
}

function bodyOf({ code, message, remedy, details }: ProtectionFlowsError): ProtectionFlowsErrorBody {
  const statusCode = httpStatusOf(code);
  return statusCode < 500
    ? { statusCode, code, message, remedy, details }
    : { statusCode, code, message: messageForClient(statusCode), details: {} };
}

/** mysql2's own errors: with the server's SQLSTATE, or of a connection that is of no more use. */
function isOfDriver(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { sqlState, fatal } = error as { sqlState?: unknown; fatal?: unknown };
  return typeof sqlState === 'string' || fatal === true;
}

function faultOf(error: unknown): ProtectionFlowsError | null {
  return isProtectionFlowsError(error) || isOfDriver(error) ? fromServerError(error) : null;
}

/**
 * What the filter catches, by `instanceof`, which is how NestJS asks: errors of this package, and those of the driver or
 * TypeORM that {@link fromServerError} knows. Nothing else, so that all else goes where it went before; a refused
 * connection to another service has the same code as one to the database, but is not the driver's.
 */
abstract class AnsweredError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return faultOf(error) !== null;
  }
}

/**
 * Answers an HTTP request that failed with a {@link ProtectionFlowsError}, or with an error of TypeORM or mysql2 that
 * {@link fromServerError} makes one of: the status of {@link httpStatusOf} and a
 * {@link ProtectionFlowsErrorBody}. Never a stack or a cause; for a status of 500 and above also not the message, which
 * is logged instead. It works on Express and on Fastify, and needs nothing injected: as `APP_FILTER`, with
 * `useGlobalFilters(new ProtectionFlowsExceptionFilter())` or `@UseFilters`. Other kinds of context (microservices,
 * GraphQL) are left to their own handlers.
 */
@Catch(AnsweredError)
export class ProtectionFlowsExceptionFilter implements ExceptionFilter<Error> {
  private readonly logger = new Logger('ProtectionFlows');

  catch(caught: Error, host: ArgumentsHost): void {
    const error = faultOf(caught);
    if (error === null || host.getType() !== 'http') return;
    const body = bodyOf(error);
    if (body.statusCode >= 500) {
      this.logger.error(`${error.code}: ${error.message}. ${error.remedy}`, error.stack);
    }
    const reply = host.switchToHttp().getResponse<HttpReply>();
    const response = reply.raw ?? (reply as unknown as ServerResponse);
    // An answer that has begun can't become another one; as NestJS does, it is ended where it is
    if (response.headersSent) response.end();
    else reply.status(body.statusCode).type('application/json').send(body);
  }
}
