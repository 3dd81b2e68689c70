import { entities as ownEntities } from '../../src/entities';
import { declaredSchema } from '../../src/migrations';
import { compareForeignKey, compareTable, describeDifference } from '../../src/engine/schema/compare';
import { named, type Schema } from '../../src/engine/schema/shape';
import type { ServerAddress } from '../../src/testing';
import {
  ownedTables,
  readTables,
  schemaOfEntities,
  typeormDiff,
  withMigratedDatabase,
  withServer,
  type Entities,
} from './databases';
import { describeChange } from './print-step';
import { schemaChanges } from './schema-changes';

/** What {@link checkMigrations} works on. */
export interface CheckOptions {
  /** Default: this package's. */
  readonly entities?: Entities;
  /** Default: what this package's migrations declare. */
  readonly declared?: Schema;
  /** Default: a private server, for the time of the call. */
  readonly server?: ServerAddress;
  /** Called with each step of the work. */
  readonly onProgress?: (text: string) => void;
}

/** The differences between entities and migrations; all empty if they agree. */
export interface CheckResult {
  /** TypeORM's statements that would make the migrated database fit the entities. */
  readonly typeorm: readonly string[];
  /** How the schema of the entities differs from the migrated one; TypeORM does not see all of it. */
  readonly entities: readonly string[];
  /** How the migrated database differs from what the steps of the migrations declare. */
  readonly declared: readonly string[];
}

function entityDifferences(live: Schema, wanted: Schema): string[] {
  const { changes, refusals } = schemaChanges(live, wanted);
  return [...changes.map(describeChange), ...refusals.map(({ object, because }) => `${object}: ${because}`)];
}

/** Only this comparison sees CHECKs, DESC and collations: entities can't express them. */
function declaredDifferences(declared: Schema, live: Schema): string[] {
  return [...declared.values()]
    .flatMap((table) => [
      ...compareTable(declared, table, live),
      ...table.foreignKeys.flatMap((key) =>
        compareForeignKey(table.name, key, named(live.get(table.name)?.foreignKeys ?? [], key.name)),
      ),
    ])
    .map(describeDifference);
}

/**
 * Compares entities and migrations on a freshly migrated database.
 *
 * @throws ProtectionFlowsError SERVER_NOT_FOUND, SERVER_START_FAILED
 */
export function checkMigrations(options: CheckOptions = {}): Promise<CheckResult> {
  const { entities = ownEntities, declared = declaredSchema, onProgress = () => undefined } = options;
  onProgress('starting a private server');
  return withServer(options.server, async (server) => {
    onProgress('asking TypeORM for the schema of the entities');
    const wanted = await schemaOfEntities(server, entities);
    onProgress('migrating a fresh database, and comparing');
    return withMigratedDatabase(server, entities, async (dataSource) => {
      const own = [...new Set([...declared.keys(), ...ownedTables(dataSource)])];
      const parents = [...declared.values()].flatMap((table) =>
        table.foreignKeys.map((key) => key.parentTable),
      );
      const all = await readTables(dataSource, [...new Set([...own, ...parents])]);
      const live = new Map([...all].filter(([name]) => own.includes(name)));
      return {
        typeorm: await typeormDiff(dataSource),
        entities: entityDifferences(live, wanted),
        declared: declaredDifferences(declared, all),
      };
    });
  });
}
