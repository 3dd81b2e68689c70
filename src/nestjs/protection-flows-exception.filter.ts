import { type ErrorCode, httpStatusOf, isProtectionFlowsError, type ProtectionFlowsError } from '../errors';
import { fromServerError } from '../validation/server-errors';
import type { ServerResponse } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';

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

/** Messages and remedies of a fault of the service are for operators: they name hosts, accounts and statements. */
function bodyOf({ code, message, remedy, details }: ProtectionFlowsError): ProtectionFlowsErrorBody {
  const statusCode = httpStatusOf(code);
  if (statusCode < 500) return { statusCode, code, message, remedy, details };
  const passes = 'The service cannot do this at the moment; try again later.';
  return { statusCode, code, message: statusCode === 503 ? passes : 'Internal server error', details: {} };
}

/** mysql2's own errors: with the server's SQLSTATE, or of a connection that is of no more use. */
function isOfDriver(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { sqlState, fatal } = error as { sqlState?: unknown; fatal?: unknown };
  return typeof sqlState === 'string' || fatal === true;
}

const faultOf = (error: unknown): ProtectionFlowsError | null =>
  isProtectionFlowsError(error) || isOfDriver(error) ? fromServerError(error) : null;

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
