import { ownerOf } from '../../src/engine/subject/subject';
import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { isProtectionFlowsError } from '../../src/errors';
import type { Schema } from '../../src/engine/schema/shape';
import { runStep, undoStep, type Step, type StepContext } from '../../src/engine/steps/step';
import { stepOf, type Change, type Refusal } from './change';
import { readTables, typeormDiff } from './databases';
import { sameTables, unguardedKeys } from './same-tables';
import { schemaChanges } from './schema-changes';

const byHand = 'Write the migration by hand, or change the entity.';

const messageOf = (error: unknown): string => {
  if (isProtectionFlowsError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
};

function contextOn(dataSource: ProtectionFlowsDataSource, session: StepContext['session']): StepContext {
  return {
    session,
    server: dataSource.server,
    owner: ownerOf(dataSource.subject),
    discardRows: false,
    copyLimitRows: 100_000,
    execute: async (sql) => {
      await session.query(sql);
    },
  };
}

/** Runs every step twice, then undoes all in reverse twice; answers the first thing that goes wrong. */
async function attempt(
  steps: readonly Step[],
  context: StepContext,
  between: () => Promise<Refusal[]>,
): Promise<Refusal[]> {
  const all: [string, readonly Step[], (step: Step) => Promise<void>][] = [
    ['', steps, (step) => runStep(step, context)],
    [' (again)', steps, (step) => runStep(step, context)],
  ];
  const back: typeof all = [
    [' (undone)', [...steps].reverse(), (step) => undoStep(step, context)],
    [' (undone again)', [...steps].reverse(), (step) => undoStep(step, context)],
  ];
  for (const part of [all, back]) {
    for (const [suffix, list, run] of part) {
      for (const step of list) {
        const fault = await run(step).then(
          () => null,
          (error: unknown) => messageOf(error),
        );
        if (fault !== null) return [{ object: `${step.title}${suffix}`, because: fault, instead: byHand }];
      }
    }
    if (part === back) continue;
    const refusals = await between();
    if (refusals.length > 0) return refusals;
  }
  return [];
}

/** The foreign keys that MySQL would not check in every row. */
function unguarded(when: string, schema: Schema): Refusal[] {
  const because = `${when} MySQL would not check it in every row: a further column of the first index that begins with its column may be NULL`;
  const instead = `Keep an index ahead whose further columns are NOT NULL. ${byHand}`;
  return [...schema.values()].flatMap((table) =>
    unguardedKeys(table).map((name) => ({ object: `foreign key ${table.name}.${name}`, because, instead })),
  );
}

/**
 * Makes the changes on a migrated database without rows, and undoes them. They must empty TypeORM's own diff, be
 * re-runnable, leave the tables as they were when undone, and never keep MySQL from checking a key.
 *
 * @param wanted the schema of the entities
 * @returns what is wrong; usually nothing
 */
export async function rehearse(
  dataSource: ProtectionFlowsDataSource,
  changes: readonly Change[],
  wanted: Schema,
): Promise<Refusal[]> {
  const steps = changes.map(stepOf);
  const tables = [...new Set([...steps.flatMap((step) => [...step.tables]), ...wanted.keys()])];
  const own = (live: Schema): Schema => new Map([...live].filter(([name]) => wanted.has(name)));
  const runner = dataSource.createQueryRunner('master');
  try {
    const before = await readTables(dataSource, tables);
    const refusals = await attempt(steps, contextOn(dataSource, runner), async () => {
      const live = own(await readTables(dataSource, tables));
      const left = schemaChanges(live, wanted);
      const diff = await typeormDiff(dataSource);
      if (diff.length === 0 && left.changes.length + left.refusals.length === 0) {
        return unguarded('after the steps', live);
      }
      const because =
        diff.length > 0
          ? `after the steps TypeORM would still execute: ${diff.join('; ')}`
          : 'the steps do not make what the entities declare';
      return [{ object: 'the entities', because, instead: byHand }];
    });
    if (refusals.length > 0) return refusals;
    const restored = await readTables(dataSource, tables);
    const unchecked = unguarded('once the steps are undone', own(restored));
    if (unchecked.length > 0 || sameTables(restored, before)) return unchecked;
    return [{ object: 'the rollback', because: 'undone, the steps leave another schema', instead: byHand }];
  } finally {
    await runner.release();
  }
}
