import type { DataSource } from 'typeorm';

/** Executes a statement on one session. */
export type Ask = (sql: string, parameters?: unknown[]) => Promise<unknown>;

/** A statement that a program is about to send. */
export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
}

/**
 * Calls `before` ahead of every statement of the data source, START TRANSACTION and COMMIT included. `ask` executes further
 * statements on the same session, for which `before` is not called. Each call replaces the previous `before`.
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
