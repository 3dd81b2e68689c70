import type { Connection } from 'mysql2/promise';
import { declaredSchema, owner } from '../../../src/migrations';
import {
  column as declareColumn,
  foreignKey,
  table as declareTable,
} from '../../../src/engine/schema/declare';
import { findQuarantines, quarantineSources } from '../../../src/engine/orphans/quarantine-table';
import { restoreRows, type RestoredRows } from '../../../src/engine/orphans/restore-rows';
import type { Owner } from '../../../src/engine/orphans/context';
import { withRowSettings } from '../../../src/engine/server/row-transaction';
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

/** Finds a declared key by its name, with the table where it starts. */
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

/** The owner of our tables and of further ones, whose `column` has a key with ON DELETE CASCADE to `parent`. */
export function ownerOfMore(...hanging: { table: string; column: string; parent: string }[]): Owner {
  const declared = new Map(owner.declared);
  for (const { table, column, parent } of hanging) {
    const before =
      declared.get(table) ?? declareTable(table, { columns: [declareColumn('id', 'varchar(64)')] });
    const key = foreignKey(
      `fk_${column}_${table}`.slice(0, 55),
      column,
      { table: parent, column: 'id' },
      'CASCADE',
    );
    declared.set(table, { ...before, foreignKeys: [...before.foreignKeys, key] });
  }
  return { ...owner, declared };
}

/** Functions that make orphans in a migrated database, treat them as a migrate does, and restore them. */
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
      // With started_at: otherwise MySQL 9.7 does not check fk_executions_flow
      insert(executions, { id, flow_id: flowId, execution_type: 'manual', started_at: started, ...values }),
    rows: (table: string, columns = '*', connection: Connection = database.connection) =>
      select(sessionOf(connection), `SELECT ${columns} FROM ${table} ORDER BY 1`),
    ids: async (table: string): Promise<unknown[]> =>
      (await select(database.session, `SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id),
    /** CHECKSUM TABLE of each table, which depends on every value of every row. */
    checksums: async (...tables: string[]): Promise<unknown[]> =>
      (await select(database.session, `CHECKSUM TABLE ${tables.map(quoteName).join(', ')}`)).map(
        (row) => row.Checksum,
      ),
    /** The rows of our tables in quarantine, by table, in the order in which they were quarantined. */
    async quarantined(): Promise<{ table: string; id: string; reason: string; key: string }[]> {
      const parts: string[] = [];
      for (const [table, names] of await findQuarantines(database.session, owner))
        for (const name of names)
          parts.push(
            `SELECT '${table}' AS \`table\`, id, quarantine_reason AS reason, quarantine_key AS \`key\`, quarantine_id AS n FROM ${quoteName(name)}`,
          );
      if (parts.length === 0) return [];
      const rows = await select(
        database.session,
        `SELECT \`table\`, id, reason, \`key\` FROM (${parts.join(' UNION ALL ')}) q ORDER BY \`table\`, n`,
      );
      return rows as { table: string; id: string; reason: string; key: string }[];
    },
    async quarantinedIds(): Promise<string[]> {
      return (await this.quarantined()).map(({ id }) => id);
    },
    /** Restores quarantined rows, also of further tables that the owner declares in this test. */
    restore: (of: Owner, batchRows?: number): Promise<RestoredRows> => {
      const { session } = database;
      const execute = async (sql: string) => void (await session.query(sql));
      const context = { session, server: server(), owner: of, execute, batchRows };
      return withRowSettings(session, async () => restoreRows(context, await quarantineSources(context)));
    },
    async settle(
      name: string,
      choice: 'null' | 'quarantine',
      { batchRows, ...wishes }: SettleWishes = {},
    ): Promise<SettledOrphans> {
      const { table, key } = declaredKey(name);
      const live = await readCatalog(database.session, server(), [table, key.parentTable]);
      const session: Queryable = wishes.session ?? database.session;
      const context = {
        session,
        server: server(),
        owner,
        discardRows: false,
        copyLimitRows: 100_000,
        execute: async (sql) => void (await session.query(sql)),
        ...wishes,
      } as StepContext;
      return settleOrphans(context, live.get(table)!, key, live, choice, { batchRows });
    },
  };
}
