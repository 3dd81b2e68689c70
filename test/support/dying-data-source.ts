import type { ProtectionFlowsDataSource } from '../../src/migrator';

/** Where a session dies: at its nth statement that changes something. */
export interface Death {
  readonly statement: number;
  readonly when: 'before' | 'after';
}

/**
 * A data source whose session the server kills right before, or right after, its nth statement that changes
 * something: what a crash at that place leaves behind.
 */
export async function dyingDataSource(
  open: () => Promise<ProtectionFlowsDataSource>,
  kill: (id: number) => Promise<unknown>,
  at: Death,
): Promise<{ dataSource: ProtectionFlowsDataSource; wasKilled: () => boolean }> {
  const dataSource = await open();
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  let seen = 0;
  let killed = false;
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
    const die = async (): Promise<void> => {
      killed = true;
      const [row] = (await query('SELECT CONNECTION_ID() AS id')) as { id: number }[];
      await kill(Number(row?.id));
    };
    runner.query = (async (...parameters: unknown[]) => {
      const changes = /^\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE)/i.test(String(parameters[0]));
      const dies = changes && (seen += 1) === at.statement;
      if (dies && at.when === 'before') await die();
      try {
        return await query(...parameters);
      } finally {
        // Also after one that the server refuses: what comes next in its place never runs
        if (dies && at.when === 'after') await die();
      }
    }) as typeof runner.query;
    return runner;
  };
  return { dataSource, wasKilled: () => killed };
}
