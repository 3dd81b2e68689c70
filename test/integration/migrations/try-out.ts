import { ownerOf } from '../../../src/engine/subject/subject';
import { runMigration, undoMigration, type StepContext } from '../../../src/engine/steps/step';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import {
  readTables,
  typeormDiff,
  withMigratedDatabase,
  type Entities,
} from '../../../scripts/migrations/databases';
import { sameTables } from '../../../scripts/migrations/same-tables';
import { sqlOf } from '../../../src/engine/schema/ddl';
import { type StepMigration, declaredSchema } from '../../../src/migrations';
import type { ServerAddress } from '../../../src/testing';

const folder = join(__dirname, '..', '..', '..', 'src', 'migrations');

/** The migration of a generated source, compiled as if its file lay among the others. */
function load(source: string, className: string): StepMigration {
  const { outputText } = transpileModule(source, {
    compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 },
  });
  const exported: Record<string, new () => StepMigration> = {};
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- what a compiled import is
  const requireFrom = (id: string): unknown => require(join(folder, id));
  new Function('exports', 'require', outputText)(exported, requireFrom);
  return new exported[className]!();
}

/** What a generated migration did to a migrated database. */
export interface Trial {
  /** TypeORM's own statements that are left. */
  readonly diff: readonly string[];
  /** The statements of a second run. */
  readonly again: readonly string[];
  /** True where undoing it twice restores the tables, and what their keys check. */
  readonly restored: boolean;
}

/** Carries a generated source out on a migrated database, twice, and undoes it, twice. */
export function tryOut(
  server: ServerAddress,
  entities: Entities,
  generated: { readonly name: { readonly className: string }; readonly source: string },
): Promise<Trial> {
  const migration = load(generated.source, generated.name.className);
  const tables = [
    ...new Set([...declaredSchema.keys(), ...migration.steps.flatMap((step) => [...step.tables])]),
  ];
  return withMigratedDatabase(server, entities, async (dataSource) => {
    const runner = dataSource.createQueryRunner('master');
    const context: StepContext = {
      session: runner,
      server: dataSource.server,
      owner: ownerOf(dataSource.subject),
      discardRows: false,
      copyLimitRows: 100_000,
      execute: async (sql) => void (await runner.query(sql)),
    };
    try {
      const before = await readTables(dataSource, tables);
      await runMigration(migration, context);
      const diff = await typeormDiff(dataSource);
      const middle = await readTables(dataSource, tables);
      const again = migration.steps.flatMap((step) =>
        sqlOf(step.plan(middle, dataSource.server, dataSource.subject)),
      );
      await runMigration(migration, context);
      await undoMigration(migration, context);
      await undoMigration(migration, context);
      const after = await readTables(dataSource, tables);
      return { diff, again, restored: sameTables(before, after) };
    } finally {
      await runner.release();
    }
  });
}
