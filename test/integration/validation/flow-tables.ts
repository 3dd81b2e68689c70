import { DataSource, type DataSourceOptions } from 'typeorm';
import { loadConnection } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { entities } from '../../../src/entities';
import { migrate } from '../../../src/engine/migrate';
import { seedPlatformRows, type PlatformIds } from '../../../src/testing';
import { subscribers } from '../../../src/validation';
import { sharedServer } from '../../support/shared-server';
import { openDataSource } from '../../support/data-source';
import { useDatabase, type TestDatabase } from '../../support/database';

export interface FlowTables {
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  /** Rows of the platform to refer to. */
  readonly ids: PlatformIds;
}

/**
 * Registers hooks that migrate a platform database and connect a plain DataSource with the subscriber: what applies
 * there applies to whoever uses the entities in a DataSource of his own.
 */
export function useFlowTables(): FlowTables {
  const database = useDatabase({ platform: 'mixed' });
  let dataSource: DataSource | undefined;
  let ids: PlatformIds | undefined;

  beforeAll(async () => {
    ids = await seedPlatformRows(database.session);
    const guarded = await openDataSource(database);
    await migrate(guarded);
    await guarded.destroy();
    dataSource = new DataSource({
      ...dataSourceOptions(loadConnection({ env: { DATABASE_URL: database.url } })),
      type: sharedServer().flavour,
      entities,
      subscribers,
    } as DataSourceOptions);
    await dataSource.initialize();
  });
  afterAll(async () => {
    await dataSource?.destroy();
  });

  return {
    database,
    get dataSource() {
      return dataSource!;
    },
    get ids() {
      return ids!;
    },
  };
}

/** The code and the wrong fields of the error that an attempt ends with; null where it doesn't fail. */
export async function faultsOf(attempt: Promise<unknown>): Promise<unknown> {
  try {
    await attempt;
    return null;
  } catch (error) {
    const { code, details } = error as { code?: string; details?: { fields?: { field: string }[] } };
    if (details === undefined) throw error;
    return { code, fields: details.fields?.map(({ field }) => field).sort() };
  }
}
