import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import type { Queryable } from '../../src/engine/server/queryable';

/** Called in place of a statement. `session` sends statements past it, and is a different object for each session. */
export type Around = (sql: string, execute: () => Promise<unknown>, session: Queryable) => Promise<unknown>;

/** Passes every statement to `around`, in all sessions that the data source opens from now on. */
export function aroundStatements(dataSource: ProtectionFlowsDataSource, around: Around): void {
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
    const session = { query };
    runner.query = ((...parameters: unknown[]) =>
      around(String(parameters[0]), () => query(...parameters), session)) as typeof runner.query;
    return runner;
  };
}

/** Makes a data source call `act` once, right before it first sends a matching statement. */
export function beforeStatement(
  dataSource: ProtectionFlowsDataSource,
  statement: RegExp,
  act: () => Promise<unknown>,
): ProtectionFlowsDataSource {
  let acted = false;
  aroundStatements(dataSource, async (sql, execute) => {
    if (!acted && statement.test(sql.trim())) {
      acted = true;
      await act();
    }
    return execute();
  });
  return dataSource;
}

/** Makes a data source call `act` once, right after a matching statement first took effect. */
export function afterStatement(
  dataSource: ProtectionFlowsDataSource,
  statement: RegExp,
  act: () => Promise<unknown>,
): void {
  let acted = false;
  aroundStatements(dataSource, async (sql, execute) => {
    const answer = await execute();
    if (!acted && statement.test(sql)) {
      acted = true;
      await act();
    }
    return answer;
  });
}
