import { AdvancedConsoleLogger } from 'typeorm';
import { dataSourceOptions, type ConnectionSettings } from '../config';
import {
  adopt,
  migrate,
  planMigrate,
  ProtectionFlowsDataSource,
  readStatus,
  restoreOrphans,
  rollback,
  runPreflight,
} from '../migrator';
import { verify } from '../verify';
import type { Services } from './services';

/** TypeORM tells of a migration that failed whatever `logging` says; here the error is printed by the command. */
class QuietLogger extends AdvancedConsoleLogger {
  override logMigration(): void {}
}

/** No command reads or writes rows through the entities: loading them would double the time to the first statement. */
function withoutEntities(settings: ConnectionSettings): ProtectionFlowsDataSource {
  const options = dataSourceOptions(settings);
  const connection = {
    options: { ...options, logger: new QuietLogger(options.logging), migrationsRun: false },
    declaredType: settings.declaredType,
  };
  return new ProtectionFlowsDataSource(() => connection, { entities: [], subscribers: [] });
}

/** The data layer, which no other command needs. */
const pruneModule = () =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- as in load.ts
  require('./prune-executions') as typeof import('./prune-executions');

/** The layer below, as the commands use it. */
export const databaseServices: Services = {
  openDataSource: (settings) => withoutEntities(settings).initialize(),
  async migrate(dataSource, options) {
    // What migrate returns besides is TypeORM's view of it, for runMigrations.
    const { migrations: _migrations, ...result } = await migrate(dataSource, options);
    return result;
  },
  planMigrate,
  runPreflight: (dataSource) => runPreflight(dataSource),
  rollback,
  adopt,
  restoreOrphans,
  prune: (dataSource, options) => pruneModule().pruneExecutions(dataSource, options),
  readStatus,
  verify,
};
