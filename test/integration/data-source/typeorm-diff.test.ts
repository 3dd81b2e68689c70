import { DataSource } from 'typeorm';
import { compareOwned } from '../../../scripts/migrations/databases';
import { loadConnection } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { entities } from '../../../src/entities';
import { declaredSchema } from '../../../src/migrations';
import { readCatalog } from '../../../src/engine/schema/catalog/read-catalog';
import { detectServer } from '../../../src/engine/server/server';
import type { Schema } from '../../../src/engine/schema/shape';
import { createPlatformTables } from '../../../src/testing';
import { useDatabase, type TestDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';

/** A table without what TypeORM can't express: CHECK, DESC, charset and collation, the width that says boolean. */
function expressible(schema: Schema): unknown {
  return [...schema.values()].map((table) => ({
    name: table.name,
    engine: table.engine,
    primaryKey: table.primaryKey,
    columns: [...table.columns]
      .sort((one, other) => one.name.localeCompare(other.name))
      .map(({ charset: _charset, collation: _collation, ...column }) => ({
        ...column,
        type: column.type.replace('tinyint(1)', 'tinyint'),
      })),
    indexes: table.indexes
      .map(({ name, unique, columns }) => ({ name, unique, columns: columns.map((column) => column.name) }))
      .sort((one, other) => one.name.localeCompare(other.name)),
    foreignKeys: [...table.foreignKeys].sort((one, other) => one.name.localeCompare(other.name)),
  }));
}

async function ownTables(database: TestDatabase): Promise<Schema> {
  const server = await detectServer(database.session);
  return readCatalog(database.session, server, [...declaredSchema.keys()]);
}

/** Guards that entities and migrations declare the same schema. */
describe('the schema', () => {
  const migrated = useDatabase({ platform: 'general_ci' });
  const dataSource = useDataSource(migrated);
  const synchronized = useDatabase({ platform: 'none' });

  it('made by the migrations leaves TypeORM nothing to change', async () => {
    compareOwned(dataSource().entityMetadatas);
    const { upQueries } = await dataSource().driver.createSchemaBuilder().log();
    expect(upQueries.map((query) => query.query)).toEqual([]);
  });

  it('made by the migrations equals the schema that TypeORM makes from the entities, as far as TypeORM can express it', async () => {
    const { flavour } = await detectServer(synchronized.session);
    const settings = loadConnection({ env: { DATABASE_URL: synchronized.url, DB_TYPE: flavour } });
    const plain = new DataSource({ ...dataSourceOptions(settings), type: flavour, entities });
    await plain.initialize();
    compareOwned(plain.entityMetadatas);
    // MySQL insists on parentheses around an expression that TypeORM would see as drift ever after
    for (const { columns } of plain.entityMetadatas) {
      for (const column of columns)
        if (column.default?.toString().includes('uuid()')) column.default = () => '(uuid())';
    }
    try {
      // A general_ci database, so that TypeORM's explicit columns and the platform's tables have one collation
      const [row] = await plain.query<{ collation: string }[]>('SELECT @@collation_database AS collation');
      const collation = row?.collation ?? '';
      await createPlatformTables(synchronized.session, { schedules: collation, repositories: collation });
      await plain.synchronize();
      expect(expressible(await ownTables(migrated))).toEqual(expressible(await ownTables(synchronized)));
    } finally {
      await plain.destroy();
    }
  });

  it('declared by the migrations has the columns of the entities, name by name', () => {
    for (const table of declaredSchema.values()) {
      const metadata = dataSource().entityMetadatas.find((one) => one.tableName === table.name);
      expect(metadata?.columns.map((column) => column.databaseName).sort()).toEqual(
        table.columns.map((column) => column.name).sort(),
      );
    }
    expect([...declaredSchema.values()].map((table) => table.columns.length)).toEqual([22, 19]);
  });
});
