import type { DataSource } from 'typeorm';

/** Executes a statement on one session. */
export type Ask = (sql: string, parameters?: unknown[]) => Promise<unknown>;

/** A statement that a program is about to send. */
export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
}

/**
 * Shows every statement of the data source to `before` ahead of its execution, those of transactions too (START
 * TRANSACTION, COMMIT); `ask` executes others on the same session, unseen. Each call replaces the one before.
 */
export function watchStatements(
  dataSource: DataSource,
  before: (statement: Statement, ask: Ask) => Promise<void> | void,
): void {
  const { createQueryRunner } = Object.getPrototypeOf(dataSource) as DataSource;
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner.call(dataSource, mode);
    const ask = runner.query.bind(runner) as (...all: unknown[]) => Promise<unknown>;
    runner.query = (async (sql: string, parameters?: unknown[], ...rest: unknown[]) => {
      await before({ sql, parameters: parameters ?? [] }, ask);
      return ask(sql, parameters, ...rest);
    }) as typeof runner.query;
    return runner;
  };
}
