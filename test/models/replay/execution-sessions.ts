import { createRepositories, type Repositories } from '../../../src/repositories';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import { waitFor } from '../../support/wait-for';
import { openDataSource } from '../../support/data-source';
import type { TestDatabase } from '../../support/database';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { HeldSession } from './held-session';

/** A scheduler or worker of a replay: its own data source with one connection, each statement of which is held. */
export interface ExecutionSession {
  readonly held: HeldSession;
  readonly dataSource: ProtectionFlowsDataSource;
  readonly repositories: Repositories;
  /** Executes a statement on its connection at once, even while another statement is held. */
  raw(sql: string): Promise<unknown>;
  /** Kills its connection on the server, which rolls back the open transaction. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** @param rewrite changes each statement before it is sent */
export async function openExecutionSession(
  database: TestDatabase,
  admin: Queryable,
  rewrite?: (sql: string) => string,
): Promise<ExecutionSession> {
  const dataSource = await openDataSource(database);
  const held = new HeldSession(admin, rewrite);
  let raw: (sql: string) => Promise<unknown> = () => Promise.reject(new Error('no statement yet'));
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (sql: string, ...rest: unknown[]) => Promise<unknown>;
    raw = query;
    runner.query = (async (sql: string, parameters?: unknown[], ...rest: unknown[]) => {
      const [row] = (await query('SELECT CONNECTION_ID() AS id')) as { id: number | string }[];
      held.connectionId = Number(row?.id);
      return held.around(sql, parameters ?? [], (sent) => query(sent, parameters, ...rest));
    }) as typeof runner.query;
    return runner;
  };
  return {
    held,
    dataSource,
    repositories: createRepositories(dataSource),
    raw: (sql) => raw(sql),
    async kill() {
      const { connectionId } = held;
      // The connection may be gone already: this program can take other steps than the trail
      await admin.query(`KILL ${connectionId}`).catch(() => undefined);
      await waitFor(
        async () =>
          (
            await select(admin, 'SELECT 1 AS found FROM information_schema.PROCESSLIST WHERE ID = ?', [
              connectionId,
            ])
          ).length === 0,
        { pollMs: 2 },
      );
    },
    close: () => dataSource.destroy(),
  };
}
