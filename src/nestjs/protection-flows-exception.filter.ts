import type { ServerResponse } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ProtectionFlowsError, type ErrorCode } from '../errors';
import { httpStatusOf } from './http-status';

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

/**
 * Answers an HTTP request that failed with a {@link ProtectionFlowsError}: the status of {@link httpStatusOf} and a
 * {@link ProtectionFlowsErrorBody}. Never a stack or a cause; for a status of 500 and above also not the message, which
 * is logged instead. It works on Express and on Fastify, and needs nothing injected: as `APP_FILTER`, with
 * `useGlobalFilters(new ProtectionFlowsExceptionFilter())` or `@UseFilters`. Other kinds of context (microservices,
 * GraphQL) are left to their own handlers.
 */
@Catch(ProtectionFlowsError)
export class ProtectionFlowsExceptionFilter implements ExceptionFilter<ProtectionFlowsError> {
  private readonly logger = new Logger('ProtectionFlows');

  catch(error: ProtectionFlowsError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') return;
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
