import type { Connection } from 'mysql2/promise';
import { declaredSchema } from '../../../src/engine/migrate';
import { readCatalog } from '../../../src/engine/schema/catalog/read-catalog';
import { settleOrphans, type SettledOrphans } from '../../../src/engine/orphans/settle-orphans';
import { quoteName, select, type Queryable } from '../../../src/engine/server/queryable';
import type { Server } from '../../../src/engine/server/server';
import { named, type ForeignKey } from '../../../src/engine/schema/shape';
import type { StepContext } from '../../../src/engine/steps/step';
import { sessionOf } from '../../../src/testing';
import type { TestDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';

const started = new Date('2024-05-06T07:08:09Z');
export const flows = 'protection_flows';
export const executions = 'protection_flow_executions';

/** A declared key, with the table where it starts. */
export function declaredKey(name: string): { readonly table: string; readonly key: ForeignKey } {
  for (const table of declaredSchema.values()) {
    const key = named(table.foreignKeys, name);
    if (key !== undefined) return { table: table.name, key };
  }
  throw new Error(`no key ${name} is declared`);
}

export interface SettleWishes extends Partial<StepContext> {
  readonly batchRows?: number;
}

/** Makes orphans in a migrated database, and settles them as a migrate would. */
export function orphanBench(database: TestDatabase, ownServer?: Server) {
  const server = (): Server => ownServer ?? sharedServer();
  const insert = async (table: string, values: Record<string, unknown>): Promise<void> => {
    await database.connection.query(`INSERT INTO ${quoteName(table)} SET ?`, [values]);
  };
  const dropKey = async (name: string): Promise<void> => {
    await database.session.query(`ALTER TABLE ${declaredKey(name).table} DROP FOREIGN KEY ${name}`);
  };
  return {
    insert,
    dropKey,
    insertFlow: (id: string, values: Record<string, unknown> = {}): Promise<void> =>
      insert(flows, {
        id,
        name: `flow ${id}`,
        flow_type: 'replication',
        target_type: 'vm',
        target_id: 'vm-1',
        destination_type: 'ossea',
        ...values,
      }),
    insertExecution: (id: string, flowId: string, values: Record<string, unknown> = {}): Promise<void> =>
      // Started: without it, MySQL 9.7 does not check fk_executions_flow
      insert(executions, { id, flow_id: flowId, execution_type: 'manual', started_at: started, ...values }),
    rows: (table: string, columns = '*', connection: Connection = database.connection) =>
      select(sessionOf(connection), `SELECT ${columns} FROM ${table} ORDER BY 1`),
    ids: async (table: string): Promise<unknown[]> =>
      (await select(database.session, `SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id),
    /** CHECKSUM TABLE of each: every value of every row counts. */
    checksums: async (...tables: string[]): Promise<unknown[]> =>
      (await select(database.session, `CHECKSUM TABLE ${tables.map(quoteName).join(', ')}`)).map(
        (row) => row.Checksum,
      ),
    quarantined: (columns = 'table_name, row_key, reason, caused_by, foreign_key') =>
      select(database.session, `SELECT ${columns} FROM sendense_flow_orphans ORDER BY id`),
    async settle(
      name: string,
      choice: 'null' | 'quarantine',
      { batchRows, ...wishes }: SettleWishes = {},
    ): Promise<SettledOrphans> {
      const { table, key } = declaredKey(name);
      const live = await readCatalog(database.session, server(), [table, key.parentTable]);
      const session: Queryable = wishes.session ?? database.session;
      const context: StepContext = {
        session,
        server: server(),
        discardRows: false,
        copyLimitRows: 100_000,
        execute: async (sql) => void (await session.query(sql)),
        ...wishes,
      };
      return settleOrphans(context, live.get(table)!, key, live, choice, { batchRows });
    },
  };
}

/**
 * True where the connection waits for a row that another holds. INNODB_TRX would be easier to ask, but answers from a
 * cache for as long as it is asked again and again.
 */
export async function waitsForRow(session: Queryable, connectionId: number): Promise<boolean> {
  const [row] = await select<{ Status: string }>(session, 'SHOW ENGINE INNODB STATUS');
  const transactions = (row?.Status ?? '').split('---TRANSACTION');
  return transactions.some(
    (text) => text.includes('LOCK WAIT') && text.includes(`thread id ${connectionId},`),
  );
}
