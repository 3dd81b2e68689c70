import type { QueryRunner } from 'typeorm';
import type { Session } from '../engine/session/database';
import { translated } from '../validation/server-errors';

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

/** A runner as the engine's session. */
export const sessionOf = (runner: QueryRunner): Session => ({
  query: (sql, parameters) => runner.query(sql, parameters),
  get isTransactionActive() {
    return runner.isTransactionActive;
  },
  release: () => runner.release(),
  discard() {
    // So that it does not come back to the pool
    const { databaseConnection } = runner as QueryRunner & { databaseConnection?: { destroy(): void } };
    databaseConnection?.destroy();
  },
});
