import type { QueryRunner } from 'typeorm';
import { fromServerError, withoutValues } from '../../errors';

/** The error of this package that a driver's error stands for; any other as it is, without the statement's values. */
export function translated(error: unknown): unknown {
  return fromServerError(error) ?? withoutValues(error);
}

/**
 * A runner whose statements fail with errors of this package: a CHECK that refuses a row is the same
 * VALIDATION_FAILED as the validator's, a lost connection is CONNECTION_LOST. Errors without a meaning of ours stay
 * TypeORM's QueryFailedError.
 */
export function translateErrors(runner: QueryRunner): QueryRunner {
  const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
  const fail = (error: unknown): never => {
    throw translated(error);
  };
  // Not async: one function more that awaits would be paid for by every statement
  runner.query = ((...parameters: unknown[]) => query(...parameters).catch(fail)) as QueryRunner['query'];
  return runner;
}
