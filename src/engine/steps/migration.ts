import { channelNamed, traced } from '../../tracing';
import { declaredBy, redoStep, runStep, undoStep, type Step, type StepContext } from './step';

/**
 * A migration as a list of re-runnable steps. Each step decides from the catalog what is left to do, so the next run
 * finishes a run that was killed anywhere.
 */
export interface Migration {
  /** As the history records it; ends in 13 digits, milliseconds since 1970, which give the order. */
  readonly name: string;
  /**
   * False where programs of the previous release go on working, reading and writing, before, during and after it. Or
   * else a text: which programs can't, and how to deploy around it.
   */
  readonly breaking: false | string;
  readonly steps: readonly Step[];
}

/** All steps of these migrations, in order. */
export const stepsOf = (migrations: readonly Pick<Migration, 'steps'>[]): Step[] =>
  migrations.flatMap(({ steps }) => [...steps]);

/**
 * The steps of the named migrations that change what is none of the declared schema: adopt, which compares that with the live
 * one, does not see whether they ran, and so carries them out before it records.
 */
export function stepsApart(
  migrations: readonly Pick<Migration, 'name' | 'steps'>[],
  names: readonly string[],
): Step[] {
  const all = stepsOf(migrations);
  return stepsOf(migrations.filter(({ name }) => names.includes(name))).filter((step) => {
    const before = declaredBy(all.slice(0, all.indexOf(step)));
    return step.declare(before) === before;
  });
}

/** Told of each step of a migration, and of what else is carried out as one. */
const stepChannel = channelNamed('step');

/** Carries out a step that belongs to no migration under way: a repair, a late key, what adopt makes up for. */
export const runStepAlone = (step: Step, context: StepContext): Promise<void> =>
  traced(stepChannel, { migration: null, step: step.title }, () => runStep(step, context));

async function each(
  { name }: Migration,
  steps: readonly Step[],
  context: StepContext,
  title: (step: Step) => string,
  act: (step: Step, context: StepContext) => Promise<void>,
): Promise<void> {
  for (const step of steps) {
    context.onStep?.(name, title(step));
    await traced(stepChannel, { migration: name, step: title(step) }, () => act(step, context));
  }
}

/** Carries a migration's steps out, in order. */
export const runMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, migration.steps, context, ({ title }) => title, runStep);

/** Brings back what an undoing that died took away. */
export const redoMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, migration.steps, context, ({ title }) => title, redoStep);

/** Undoes a migration's steps, the last one first. */
export const undoMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, [...migration.steps].reverse(), context, ({ title }) => `undo: ${title}`, undoStep);
