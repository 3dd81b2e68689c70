import { AdvancedConsoleLogger } from 'typeorm';
import type { ConnectionSettings } from '../config';
import { dataSourceOptions } from '../typeorm/data-source-options';
import { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { migrate, planMigrate } from '../engine/migrate/migrate';
import { runPreflight } from '../engine/migrate/preflight';
import { planRollback, rollback } from '../engine/migrate/rollback';
import { readStatus } from '../engine/migrate/status';
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

/* eslint-disable @typescript-eslint/no-require-imports -- as in load.ts */
/** What one command needs and no other, a quarter of all files: a migrate with nothing to do is mostly loading. */
const only = {
  adopt: () => require('../engine/adopt/adopt') as typeof import('../engine/adopt/adopt'),
  prune: () => require('./prune-executions') as typeof import('./prune-executions'),
  restoreOrphans: () =>
    require('../engine/migrate/restore-orphans') as typeof import('../engine/migrate/restore-orphans'),
  verify: () => require('../engine/verify') as typeof import('../engine/verify'),
};
/* eslint-enable @typescript-eslint/no-require-imports */

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
  planRollback,
  adopt: (dataSource, options) => only.adopt().adopt(dataSource, options),
  restoreOrphans: (dataSource, options) => only.restoreOrphans().restoreOrphans(dataSource, options),
  prune: (dataSource, options) => only.prune().pruneExecutions(dataSource, options),
  readStatus,
  verify: (dataSource, options) => only.verify().verify(dataSource, options),
};
