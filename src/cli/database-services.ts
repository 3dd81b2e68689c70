import { dataSourceOptions, type ConnectionSettings } from '../config';
import { migrate, planMigrate, ProtectionFlowsDataSource, readStatus, rollback } from '../migrator';
import { verify } from '../verify';
import type { Services } from './services';

/** No command reads or writes rows through the entities: loading them would double the time to the first statement. */
function withoutEntities(settings: ConnectionSettings): ProtectionFlowsDataSource {
  const connection = {
    options: { ...dataSourceOptions(settings), migrationsRun: false },
    declaredType: settings.declaredType,
  };
  return new ProtectionFlowsDataSource(() => connection, { entities: [], subscribers: [] });
}

/** The layer below, as the commands use it. */
export const databaseServices: Services = {
  openDataSource: (settings) => withoutEntities(settings).initialize(),
  async migrate(dataSource, options) {
    // What migrate returns besides is TypeORM's view of it, for runMigrations.
    const { ok, applied, keys, findings } = await migrate(dataSource, options);
    return { ok, applied, keys, findings };
  },
  planMigrate,
  rollback,
  readStatus,
  verify,
};
