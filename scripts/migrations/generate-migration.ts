import { join } from 'node:path';
import { readFile, writeFile } from 'node:fs/promises';
import { entities as ownEntities } from '../../src/entities';
import { ProtectionFlowsError } from '../../src/errors';
import { declaredSchema, migrationList } from '../../src/migrations';
import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import type { Schema } from '../../src/engine/schema/shape';
import type { ServerAddress } from '../../src/testing';
import type { Change, Refusal, SchemaChanges } from './change';
import {
  ownedTables,
  readTables,
  schemaOfEntities,
  typeormDiff,
  withMigratedDatabase,
  withServer,
  type Entities,
} from './databases';
import { formatSource } from './format-source';
import { withMigration } from './migration-list';
import { isPascalCase, nameMigration, type MigrationName } from './migration-name';
import { migrationSource } from './migration-source';
import { newValueHints } from './older-programs';
import { rehearse } from './rehearse';
import { schemaChanges } from './schema-changes';

/** What {@link generateMigration} works on. */
export interface GenerateOptions {
  /** PascalCase, such as `AddOwner`. */
  readonly name: string;
  /** Default: this package's. */
  readonly entities?: Entities;
  /** The time in the migration's name, unless the last migration is later. Default: now. */
  readonly now?: Date;
  /** Default: a private server, for the time of the call. */
  readonly server?: ServerAddress;
  /** Called with each step of the work. */
  readonly onProgress?: (text: string) => void;
}

/** The result of {@link generateMigration}. */
export type Generated =
  | { readonly outcome: 'nothing' }
  | { readonly outcome: 'refused'; readonly refusals: readonly Refusal[] }
  | {
      readonly outcome: 'generated';
      readonly name: MigrationName;
      readonly source: string;
      readonly changes: readonly Change[];
      readonly hints: readonly string[];
    };

/**
 * Refuses a name that cannot name a class, or is taken.
 *
 * @throws ProtectionFlowsError USAGE
 */
export function assertMigrationName(name: string): void {
  const remedy = 'npm run migration:generate -- AddOwnerToFlows';
  if (!isPascalCase(name)) {
    const message = `${name === '' ? 'no name was given' : `${JSON.stringify(name)} is not in PascalCase`}: a migration is named for what it does`;
    throw new ProtectionFlowsError('USAGE', { message, remedy });
  }
  if (!migrationList.some((migration) => migration.name.slice(0, -13) === name)) return;
  throw new ProtectionFlowsError('USAGE', {
    message: `there is a migration named ${name} already`,
    remedy: `Choose another name: ${remedy}`,
  });
}

/** CHECKs of the entities that no migration creates: TypeORM ignores them silently on these servers. */
function unseenChecks(dataSource: ProtectionFlowsDataSource, live: Schema): string[] {
  return dataSource.entityMetadatas
    .filter((metadata) => metadata.synchronize)
    .flatMap((metadata) => {
      const known = new Set((live.get(metadata.tableName)?.checks ?? []).map((check) => check.name));
      return metadata.checks.filter((check) => !known.has(check.name)).map((check) => check.name);
    })
    .map((name) => `CHECK ${name}: TypeORM ignores it on these servers. Write its step by hand.`);
}

interface Comparison extends SchemaChanges {
  /** TypeORM's own statements: it sees less than the comparison of the catalogs, but has to be satisfied too. */
  readonly diff: readonly string[];
}

async function compare(dataSource: ProtectionFlowsDataSource, wanted: Schema): Promise<Comparison> {
  const tables = [...new Set([...declaredSchema.keys(), ...ownedTables(dataSource)])];
  const live = await readTables(dataSource, tables);
  const found = schemaChanges(live, wanted);
  const hints = [...found.hints, ...unseenChecks(dataSource, live)];
  return { ...found, hints, diff: await typeormDiff(dataSource) };
}

/**
 * Generates the migration that makes a migrated database fit the entities, in re-runnable steps, and rehearses it on a
 * database of its own. Writes nothing.
 *
 * @throws ProtectionFlowsError USAGE for a name that can't be used; SERVER_NOT_FOUND, SERVER_START_FAILED
 */
export async function generateMigration(options: GenerateOptions): Promise<Generated> {
  const { name, entities = ownEntities, now = new Date(), onProgress = () => undefined } = options;
  assertMigrationName(name);
  onProgress('starting a private server');
  return withServer(options.server, async (server): Promise<Generated> => {
    onProgress('asking TypeORM for the schema of the entities');
    const wanted = await schemaOfEntities(server, entities);
    onProgress('migrating a fresh database, and comparing');
    return withMigratedDatabase(server, entities, async (dataSource) => {
      const { changes, refusals, hints: found, diff } = await compare(dataSource, wanted);
      if (refusals.length > 0) return { outcome: 'refused', refusals };
      if (changes.length === 0 && diff.length === 0) return { outcome: 'nothing' };
      onProgress('rehearsing the steps and their undoing');
      const obstacles = await rehearse(dataSource, changes, wanted);
      if (obstacles.length > 0) return { outcome: 'refused', refusals: obstacles };
      const existing = migrationList.map((migration) => migration.name);
      const migration = nameMigration(name, now, existing);
      const path = join('src', 'migrations', `${migration.fileName}.ts`);
      const source = await formatSource(migrationSource(migration, changes), path);
      const hints = [...found, ...newValueHints(changes)];
      return { outcome: 'generated', name: migration, source, changes, hints };
    });
  });
}

/**
 * Writes a generated migration into the folder of the migrations, and into their list.
 *
 * @returns the file's path
 */
export async function writeMigration(
  folder: string,
  { name, source }: Extract<Generated, { outcome: 'generated' }>,
): Promise<string> {
  const list = join(folder, 'index.ts');
  const changed = withMigration(await readFile(list, 'utf8'), name);
  const file = join(folder, `${name.fileName}.ts`);
  await writeFile(file, source, { flag: 'wx' });
  await writeFile(list, changed);
  return file;
}
