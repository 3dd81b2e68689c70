import { createDataSource } from '../create-data-source';
import { migrate, planMigrate, readStatus, rollback } from '../migrator';
import { verify } from '../verify';
import type { Services } from './services';

/** The layer below, as the commands use it. */
export const databaseServices: Services = {
  openDataSource: (settings) => createDataSource({ ...settings, migrationsRun: false }).initialize(),
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
