import { isProtectionFlowsError, type ProtectionFlowsError } from '../../errors';
import type { Subject } from '../subject/subject';
import { stepsOf, type Migration } from '../steps/migration';
import { readCatalog } from '../schema/catalog/read-catalog';
import { named, withTable, type Schema } from '../schema/shape';
import { declaredBy, type Step, type StepContext } from '../steps/step';
import type { PlannedStatement } from './results';

/** What undoing comes to. */
interface UndoingPlan {
  readonly statements: readonly PlannedStatement[];
  /** What can't be undone because of its shape: somebody has changed it. */
  readonly refusals: readonly ProtectionFlowsError[];
}

/** The live tables as they are once that step is undone; the keys are the live ones, as any may be absent, and so are charsets. */
function without(live: Schema, step: Step, steps: readonly Step[]): Schema {
  const [table = ''] = step.tables;
  if (step.creates !== undefined) return new Map([...live].filter(([name]) => name !== step.creates));
  if (!live.has(table)) return live;
  if (step.foreignKey !== undefined) {
    const { name } = step.foreignKey.key;
    return withTable(live, table, (shape) => ({
      ...shape,
      foreignKeys: shape.foreignKeys.filter((key) => key.name !== name),
    }));
  }
  const before = declaredBy(steps.slice(0, steps.indexOf(step))).get(table);
  return withTable(live, table, (shape) => ({
    ...(before ?? shape),
    columns: (before ?? shape).columns.map((column) => {
      const { charset, collation } = named(shape.columns, column.name) ?? column;
      return { ...column, charset, collation };
    }),
    foreignKeys: shape.foreignKeys,
  }));
}

/**
 * The statements that undo those migrations, newest first: each step is asked in the state that those before it leave.
 *
 * @param dropped the tables that go with them: undoing anything else on those would be work for nothing
 */
export async function planUndoing(
  { session, server }: Pick<StepContext, 'session' | 'server'>,
  subject: Subject,
  undoing: readonly Migration[],
  dropped: ReadonlySet<string>,
): Promise<UndoingPlan> {
  const steps = stepsOf(subject.migrations);
  const tables = new Set(stepsOf(undoing).flatMap((step) => [...step.tables]));
  const statements: PlannedStatement[] = [];
  const refusals: ProtectionFlowsError[] = [];
  let live = await readCatalog(session, server, [...tables]);
  for (const migration of undoing) {
    for (const step of [...migration.steps].reverse()) {
      if (step.creates === undefined && dropped.has(step.tables[0] ?? '')) continue;
      try {
        const undone = step.undo(live, server, subject);
        statements.push(
          ...undone.map(({ sql }) => ({
            migration: migration.name,
            step: `undo: ${step.title}`,
            sql,
            copies: null,
          })),
        );
      } catch (error) {
        if (!isProtectionFlowsError(error)) throw error;
        refusals.push(error);
      }
      live = without(live, step, steps);
    }
  }
  return { statements, refusals };
}
