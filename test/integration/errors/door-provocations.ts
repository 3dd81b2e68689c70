import { DataSource, type DataSourceOptions } from 'typeorm';
import { entities } from '../../../src/entities';
import type { ErrorCode } from '../../../src/errors';
import { migrations } from '../../../src/migrations';
import { DataSourceKeeper } from '../../../src/nestjs/data-source-keeper';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { createRepositories } from '../../../src/repositories';
import type { TestDatabase } from '../../support/database';
import { prepareSchema } from '../../support/prepare-schema';

type DoorCode = Extract<
  ErrorCode,
  | 'SYNCHRONIZE_REFUSED'
  | 'DROP_REFUSED'
  | 'FAKE_REFUSED'
  | 'PREFLIGHT_FAILED'
  | 'KEYS_REFUSED'
  | 'MIGRATION_UNGUARDED'
  | 'SCHEMA_UNFIT'
  | 'SESSION_UNFIT'
>;

/** For each code, a call through TypeORM that is refused. */
export function doorProvocations(
  dataSource: () => ProtectionFlowsDataSource,
  database: Pick<TestDatabase, 'settings'>,
): Record<DoorCode, () => Promise<unknown>> {
  const query = (sql: string): Promise<unknown> => dataSource().query(sql);
  /** Runs the work on a plain DataSource of TypeORM on the same database. */
  const onPlain = async (
    changes: Partial<DataSourceOptions>,
    work: (plain: DataSource) => Promise<unknown>,
  ): Promise<unknown> => {
    const { type } = dataSource().options;
    const options = { type, ...database.settings, entities, ...changes } as DataSourceOptions;
    const plain = await new DataSource(options).initialize();
    return work(plain).finally(() => plain.destroy());
  };
  return {
    SYNCHRONIZE_REFUSED: () => dataSource().synchronize(),
    DROP_REFUSED: () => dataSource().dropDatabase(),
    FAKE_REFUSED: () => dataSource().runMigrations({ fake: true }),
    PREFLIGHT_FAILED: async () => {
      await query('CREATE TABLE protection_flows (id int PRIMARY KEY)');
      return dataSource().runMigrations();
    },
    KEYS_REFUSED: async () => {
      await prepareSchema(dataSource());
      await query('ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow');
      await query("INSERT INTO protection_flow_executions (flow_id, execution_type) VALUES ('gone', 'api')");
      return dataSource().runMigrations();
    },
    MIGRATION_UNGUARDED: () => onPlain({ migrations: [...migrations] }, (plain) => plain.runMigrations()),
    SCHEMA_UNFIT: () =>
      new DataSourceKeeper().open({ dataSource: dataSource(), schemaWaitMs: 0, destroyOnShutdown: false }),
    SESSION_UNFIT: async () => {
      await prepareSchema(dataSource());
      return onPlain({}, (plain) => createRepositories(plain).flows.list());
    },
  };
}
