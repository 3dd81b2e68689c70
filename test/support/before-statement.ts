import type { ProtectionFlowsDataSource } from '../../src/migrator';

/** Makes a data source do something right before it sends a statement of that kind, once. */
export function beforeStatement(
  dataSource: ProtectionFlowsDataSource,
  statement: RegExp,
  act: () => Promise<unknown>,
): ProtectionFlowsDataSource {
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  let acted = false;
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
    runner.query = (async (...parameters: unknown[]) => {
      if (!acted && statement.test(String(parameters[0]).trim())) {
        acted = true;
        await act();
      }
      return query(...parameters);
    }) as typeof runner.query;
    return runner;
  };
  return dataSource;
}
