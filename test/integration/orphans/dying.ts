import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import type { Queryable } from '../../../src/engine/server/queryable';

/** When a session dies: right before or right after its nth statement that changes something. */
export interface Death {
  readonly statement: number;
  readonly when: 'before' | 'after';
}

type Query = (sql: string, parameters?: unknown[]) => Promise<unknown>;

const changes = /^\s*(CREATE|INSERT|UPDATE|DELETE|COMMIT)/i;

/** Kills a session's connection at the given statement. `died` returns whether the session reached the statement. */
export function dying(
  query: Query,
  kill: (id: number) => Promise<unknown>,
  { statement, when }: Death,
): { readonly query: Query; died(): boolean } {
  let seen = 0;
  let dead = false;
  const die = async (): Promise<void> => {
    dead = true;
    const [row] = (await query('SELECT CONNECTION_ID() AS id')) as { id: number }[];
    await kill(Number(row?.id));
  };
  return {
    died: () => dead,
    async query(sql, parameters) {
      const dies = changes.test(sql) && (seen += 1) === statement;
      if (dies && when === 'before') await die();
      const result = await query(sql, parameters);
      if (dies && when === 'after') await die();
      return result;
    },
  };
}

/** The same for the sessions of a data source. */
export function dyingDataSource(
  dataSource: ProtectionFlowsDataSource,
  kill: (id: number) => Promise<unknown>,
  death: Death,
): { died(): boolean } {
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  let died = (): boolean => false;
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const mortal = dying(runner.query.bind(runner) as Query, kill, death);
    runner.query = mortal.query as typeof runner.query;
    died = mortal.died;
    return runner;
  };
  return { died: () => died() };
}

/** Kills a session of the server. */
export const killer =
  (session: Queryable) =>
  async (id: number): Promise<void> => {
    await session.query(`KILL ${id}`);
  };
