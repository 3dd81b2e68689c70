import { createConnection } from 'mysql2/promise';
import type { DataSourceOptions, EntityMetadata } from 'typeorm';
import { createDataSource } from '../../src/typeorm/create-data-source';
import { platformEntities } from '../../src/entities';
import { migrate } from '../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { readCatalog } from '../../src/engine/schema/catalog/read-catalog';
import { withTable, type Schema } from '../../src/engine/schema/shape';
import {
  createPlatformTables,
  createThrowAwayDatabase,
  sessionOf,
  startPrivateServer,
  type PlatformCollations,
  type PlatformPresetName,
  type ServerAddress,
  type ThrowAwayDatabase,
} from '../../src/testing';

/** Entities as TypeORM takes them. */
export type Entities = NonNullable<DataSourceOptions['entities']>;

/** Runs `work` on the given server, or on a private one for the time of the call. */
export async function withServer<T>(
  server: ServerAddress | undefined,
  work: (server: ServerAddress) => Promise<T>,
): Promise<T> {
  if (server !== undefined) return work(server);
  const started = await startPrivateServer();
  try {
    return await work(started);
  } finally {
    await started.stop();
  }
}

const platform = new Set<unknown>(platformEntities);

/** Lets TypeORM compare the tables of the migrations, which it leaves alone on every other DataSource. */
export function compareOwned(metadatas: readonly EntityMetadata[]): void {
  for (const metadata of metadatas) metadata.synchronize = !platform.has(metadata.target);
}

interface DatabaseWish {
  readonly entities: Entities;
  readonly platform: PlatformPresetName | PlatformCollations;
}

async function fill(database: ThrowAwayDatabase, platform: DatabaseWish['platform']): Promise<void> {
  const { username: user, ...where } = database.settings;
  const connection = await createConnection({ ...where, user });
  try {
    await createPlatformTables(sessionOf(connection), platform);
  } finally {
    await connection.end();
  }
}

async function withDatabase<T>(
  server: ServerAddress,
  wish: DatabaseWish,
  work: (dataSource: ProtectionFlowsDataSource) => Promise<T>,
): Promise<T> {
  const database = await createThrowAwayDatabase(server, {
    charset: 'utf8mb4',
    collation: 'utf8mb4_unicode_ci',
  });
  const dataSource = createDataSource({ source: 'private server', ...database.settings });
  try {
    await fill(database, wish.platform);
    await dataSource.setOptions({ entities: wish.entities }).initialize();
    compareOwned(dataSource.entityMetadatas);
    return await work(dataSource);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.drop();
  }
}

/** A migrated database, with the mixed collations of production. */
export function withMigratedDatabase<T>(
  server: ServerAddress,
  entities: Entities,
  work: (dataSource: ProtectionFlowsDataSource) => Promise<T>,
): Promise<T> {
  return withDatabase(server, { entities, platform: 'mixed' }, async (dataSource) => {
    const { ok, findings } = await migrate(dataSource);
    if (!ok) throw new Error(`the migrations fail: ${findings.map(({ message }) => message).join('; ')}`);
    return work(dataSource);
  });
}

/** The named tables in a database that TypeORM created from the entities, in one collation. */
export function schemaOfEntities(server: ServerAddress, entities: Entities): Promise<Schema> {
  const collation = 'utf8mb4_unicode_ci';
  const platform = { schedules: collation, repositories: collation };
  return withDatabase(server, { entities, platform }, async (dataSource) => {
    dataSource.entityMetadatas.forEach(parenthesiseDefaults);
    await dataSource.driver.createSchemaBuilder().build();
    const made = await readTables(dataSource, ownedTables(dataSource));
    return dataSource.entityMetadatas.reduce(withBooleans, made);
  });
}

/** MySQL insists on parentheses around an expression default; written in the entity, TypeORM would drift for ever. */
function parenthesiseDefaults(metadata: EntityMetadata): void {
  for (const column of metadata.columns) {
    const value: unknown = column.default;
    if (typeof value !== 'function') continue;
    const expression = String(value());
    if (!/^\(|^(current_timestamp|now)\b/i.test(expression)) column.default = () => `(${expression})`;
  }
}

/** TypeORM creates a boolean as `tinyint`, and accepts `tinyint(1)`, which this package uses: it shows the meaning. */
function withBooleans(schema: Schema, metadata: EntityMetadata): Schema {
  const booleans = metadata.columns
    .filter((column) => column.type === Boolean || /^bool(ean)?$/.test(String(column.type)))
    .map((column) => column.databaseName);
  return withTable(schema, metadata.tableName, (table) => ({
    ...table,
    columns: table.columns.map((column) =>
      column.type === 'tinyint' && booleans.includes(column.name)
        ? { ...column, type: 'tinyint(1)' }
        : column,
    ),
  }));
}

/** The tables that {@link compareOwned} let TypeORM look at. */
export function ownedTables(dataSource: ProtectionFlowsDataSource): string[] {
  return dataSource.entityMetadatas
    .filter((metadata) => metadata.synchronize && metadata.tableType !== 'view')
    .map((metadata) => metadata.tableName);
}

/** The named tables as the catalog shows them. */
export async function readTables(
  dataSource: ProtectionFlowsDataSource,
  tables: readonly string[],
): Promise<Schema> {
  return readCatalog(dataSource, dataSource.server, tables);
}

/** The statements with which TypeORM would make the database fit the entities. */
export async function typeormDiff(dataSource: ProtectionFlowsDataSource): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}
