import {
  type ErrorCode,
  type FieldFault,
  httpStatusOf,
  isProtectionFlowsError,
  type ProtectionFlowsError,
} from '../errors';
import { fromServerError } from '../validation/server-errors';
import type { ServerResponse } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';

/** The response body for a {@link ProtectionFlowsError}. */
export interface ProtectionFlowsErrorBody {
  /** The HTTP status, as in the bodies of NestJS's own exceptions. */
  readonly statusCode: number;
  /** The stable code, for programs. */
  readonly code: ErrorCode;
  readonly message: string;
  /** How to fix it. Missing if the fault is the service's (5xx). */
  readonly remedy?: string;
  /** The facts of the fault, such as `fields`. Empty if the fault is the service's. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What Express's response and Fastify's reply have in common. */
interface HttpReply {
  status(code: number): HttpReply;
  type(contentType: string): HttpReply;
  send(body: object): unknown;
  /** Node's response, on Fastify. Express's response is one itself. */
  readonly raw?: ServerResponse;
}

/** True for a call on a DataSource that is closed, as at a shutdown: a fault of the service, not of its client. */
const isOfClosed = ({ details }: ProtectionFlowsError): boolean =>
  Array.isArray(details.fields) &&
  (details.fields as FieldFault[]).some(({ constraints }) => 'isInitialized' in constraints);

/** Leaves out message and remedy of a fault of the service: they name hosts, accounts and statements. */
function bodyOf(error: ProtectionFlowsError): ProtectionFlowsErrorBody {
  const { message, remedy, details } = error;
  const code = isOfClosed(error) ? 'CONNECTION_LOST' : error.code;
  const statusCode = httpStatusOf(code);
  if (statusCode < 500) return { statusCode, code, message, remedy, details };
  const passes = 'The service cannot do this at the moment; try again later.';
  return { statusCode, code, message: statusCode === 503 ? passes : 'Internal server error', details: {} };
}

/** True for an error of mysql2: it has the server's SQLSTATE, or is fatal to its connection. */
function isOfDriver(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { sqlState, fatal } = error as { sqlState?: unknown; fatal?: unknown };
  return typeof sqlState === 'string' || fatal === true;
}

const faultOf = (error: unknown): ProtectionFlowsError | null =>
  isProtectionFlowsError(error) || isOfDriver(error) ? fromServerError(error) : null;

/**
 * Tells NestJS, which asks with `instanceof`, what the filter catches: errors of this package, and errors of the driver
 * or TypeORM that {@link fromServerError} knows. Every other error goes where it went before: a refused connection to
 * another service has the same code as one to the database, but is no error of the driver.
 */
abstract class AnsweredError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return faultOf(error) !== null;
  }
}

/**
 * Answers an HTTP request that failed with a {@link ProtectionFlowsError}, or with an error of TypeORM or mysql2 that
 * {@link fromServerError} turns into one. The response has the status of {@link httpStatusOf} and a
 * {@link ProtectionFlowsErrorBody}, never a stack or a cause. From status 500 on the message is logged instead of sent.
 * The filter works on Express and on Fastify, and needs nothing injected: use it as `APP_FILTER`, with
 * `useGlobalFilters(new ProtectionFlowsExceptionFilter())` or with `@UseFilters`. It leaves other kinds of context
 * (microservices, GraphQL) to their own handlers.
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
    // A response whose headers are sent can't be replaced: ended as it is, as NestJS does
    if (response.headersSent) response.end();
    else reply.status(body.statusCode).type('application/json').send(body);
  }
}
