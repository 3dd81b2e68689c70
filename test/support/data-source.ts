import { createDataSource } from '../../src/typeorm/create-data-source';
import { type ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import type { TestDatabase } from './database';
import { prepareSchema } from './prepare-schema';

/** Makes an initialised data source for the database; the caller destroys it. */
export function openDataSource(database: Pick<TestDatabase, 'url'>): Promise<ProtectionFlowsDataSource> {
  return createDataSource({ env: { DATABASE_URL: database.url } }).initialize();
}

/** Registers hooks that connect a data source to the database before the tests, and by default migrate it. */
export function useDataSource(
  database: TestDatabase,
  options: { readonly migrated?: boolean; readonly per?: 'all' | 'each' } = {},
): () => ProtectionFlowsDataSource {
  let dataSource: ProtectionFlowsDataSource | undefined;
  const each = options.per === 'each';
  (each ? beforeEach : beforeAll)(async () => {
    dataSource = await openDataSource(database);
    if (options.migrated ?? true) await prepareSchema(dataSource);
  });
  (each ? afterEach : afterAll)(async () => {
    if (dataSource?.isInitialized) await dataSource.destroy();
    dataSource = undefined;
  });
  return () => {
    if (dataSource === undefined) throw new Error('the data source is there only inside tests and hooks');
    return dataSource;
  };
}
