import { createRepositories, type NewFlow, type Repositories } from '../../../src/repositories';
import {
  createRepository,
  seedPlatformRows,
  type FlowOverrides,
  type PlatformIds,
} from '../../../src/testing';
import { useDataSource } from '../../support/data-source';
import { useDatabase, type TestDatabase, type UseDatabaseOptions } from '../../support/database';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';

/** A migrated database with the platform's rows, and the repositories on it. */
export interface DataLayer {
  readonly database: TestDatabase;
  readonly dataSource: ProtectionFlowsDataSource;
  readonly repositories: Repositories;
  readonly platform: PlatformIds;
  /** A valid replication flow with a unique name; overrides win. */
  newFlow(overrides?: FlowOverrides): NewFlow;
  /** A valid backup flow with a new repository. */
  newBackupFlow(overrides?: FlowOverrides): Promise<NewFlow>;
  /** The number in the one row and column of a SELECT. */
  count(sql: string, parameters?: unknown[]): Promise<number>;
}

let flows = 0;

/** Registers hooks that make a database for the file's tests, migrated and with the platform's rows. */
export function useDataLayer(options: UseDatabaseOptions = {}): DataLayer {
  const database = useDatabase(options);
  const source = useDataSource(database, { per: options.per });
  let platform: PlatformIds | undefined;
  (options.per === 'each' ? beforeEach : beforeAll)(async () => {
    if (options.platform !== 'none') platform = await seedPlatformRows(database.session);
  });
  const newFlow = (overrides: FlowOverrides = {}): NewFlow =>
    ({
      name: `Flow ${(flows += 1)}`,
      flow_type: 'replication',
      target_type: 'vm',
      target_id: 'ctx-none',
      destination_type: 'ossea',
      ...overrides,
    }) as NewFlow;
  return {
    database,
    get dataSource() {
      return source();
    },
    get repositories() {
      return createRepositories(source());
    },
    get platform() {
      if (platform === undefined) throw new Error('there are no rows of the platform');
      return platform;
    },
    newFlow,
    async newBackupFlow(overrides = {}) {
      const { id } = await createRepository(database.session);
      return newFlow({ flow_type: 'backup', destination_type: null, repository_id: id, ...overrides });
    },
    async count(sql, parameters = []) {
      const [row] = (await database.session.query(sql, parameters)) as Record<string, unknown>[];
      return Number(Object.values(row ?? {})[0]);
    },
  };
}
