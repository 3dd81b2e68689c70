import { channelNamed, traced } from '../../tracing';
import { readCatalog } from '../schema/catalog/read-catalog';
import type { Server } from '../server/server';
import type { Words } from '../server/names';
import type { OrphanChoice, OrphanContext } from '../orphans/context';
import type { Statement } from '../schema/ddl';
import type { ForeignKey, Schema } from '../schema/shape';

/** What a step works with. */
export interface StepContext extends OrphanContext {
  /** True where the caller allows the loss of rows. */
  readonly discardRows: boolean;
  /** Tables that this rollback drops; other steps on them need no undoing. */
  readonly dropped?: ReadonlySet<string>;
  /** What to do about orphans. Default: `report`, which refuses the key. */
  readonly orphans?: OrphanChoice;
  /** The most rows of a table that may be copied where the server can't make the change otherwise. */
  readonly copyLimitRows: number;
  /** Called before each step of a migration. */
  onStep?(migration: string | null, title: string): void;
  /** Called with each key that a step worked on, and the time in milliseconds. */
  onKey?(name: string, ms: number): void;
  /** Called with the number of rows that are about to be lost, where the caller allows it. */
  onDiscard?(table: string, rows: number): void;
}

/**
 * One re-runnable change of the schema. It reads from the catalog whether it still has to run. DDL commits at once on
 * these servers, so no transaction protects a migration that dies half-way: its rerun may meet any state.
 */
export interface Step {
  /** The step in words, for progress and plans: `create table shop_orders`. */
  readonly title: string;
  /** The tables whose shape the step has to know. The first one is the table that it changes. */
  readonly tables: readonly string[];
  /** The table that the step creates, if any. */
  readonly creates?: string;
  /** The foreign key that the step adds, if any. Such a step may be deferred to a later migrate. */
  readonly foreignKey?: { readonly table: string; readonly key: ForeignKey };
  /** Privileges that `run` needs beyond those of the planned statements, in a database with these tables. Pure. */
  needs?(live: Schema): readonly { readonly privilege: string; readonly table: string }[];
  /**
   * Applies the step to a schema. Applied by all steps to an empty schema, it gives the declared schema; applied to the live
   * one, the next state of a plan. Pure.
   */
  declare(schema: Schema): Schema;
  /**
   * The statements still needed in that live schema; none where the step is done. Pure.
   *
   * @param words for the remedies of errors
   * @throws ProtectionFlowsError where the live schema holds something that the step must not change
   */
  plan(live: Schema, server: Server, words: Words): readonly Statement[];
  /**
   * The statements still needed after an undoing that died: later steps may have changed the step's object. Default: those
   * of `plan`. Pure.
   */
  redo?(live: Schema, server: Server, words: Words): readonly Statement[];
  /**
   * The statements that undo what exists of the step. Pure.
   *
   * @throws ProtectionFlowsError as `plan` does
   */
  undo(live: Schema, server: Server, words: Words): readonly Statement[];
  /** Reads the rows before `undo` is executed; throws where rows would be lost and the caller did not allow it. */
  assertUndoable?(context: StepContext, live: Schema): Promise<void>;
  /** Runs the step, where executing the planned statements is not enough. */
  run?(context: StepContext, live: Schema): Promise<void>;
}

/** Runs a step on the live schema. */
export async function runStep(step: Step, context: StepContext): Promise<void> {
  const live = await readCatalog(context.session, context.server, step.tables);
  if (step.run !== undefined) return step.run(context, live);
  const { server, owner } = context;
  for (const { sql } of step.plan(live, server, owner.words)) await context.execute(sql);
}

/** The step's planning function: `redo` after an undoing that died, else `plan`. */
export function planOf(step: Step, isReverting: boolean): Step['plan'] {
  return isReverting && step.redo !== undefined ? step.redo : step.plan;
}

/** True where the same rollback drops the step's table anyway. */
function isMoot(step: Step, context: StepContext): boolean {
  return step.creates === undefined && (context.dropped?.has(step.tables[0] ?? '') ?? false);
}

/** Throws where undoing the step would lose rows and the caller did not allow it. */
export async function assertUndoable(step: Step, context: StepContext): Promise<void> {
  if (isMoot(step, context) || step.assertUndoable === undefined) return;
  await step.assertUndoable(context, await readCatalog(context.session, context.server, step.tables));
}

/** Undoes a step on the live schema; throws before the first statement where rows would be lost. */
export async function undoStep(step: Step, context: StepContext): Promise<void> {
  if (isMoot(step, context)) return;
  const live = await readCatalog(context.session, context.server, step.tables);
  await step.assertUndoable?.(context, live);
  const { server, owner } = context;
  for (const { sql } of step.undo(live, server, owner.words)) await context.execute(sql);
}

/** The schema that the steps make of an empty database. */
export function declaredBy(steps: readonly Step[]): Schema {
  return steps.reduce<Schema>((schema, step) => step.declare(schema), new Map());
}

/**
 * A migration: a list of re-runnable steps. Each step reads from the catalog what is left to do, so the next run finishes a
 * run that died anywhere.
 */
export interface Migration {
  /** The name in the history. Its last 13 digits, milliseconds since 1970, give the order. */
  readonly name: string;
  /**
   * False where programs of the previous release keep reading and writing before, during and after the migration. Else a
   * text that says which programs can't, and how to deploy around it.
   */
  readonly breaking: false | string;
  readonly steps: readonly Step[];
}

/** All steps of these migrations, in order. */
export const stepsOf = (migrations: readonly Pick<Migration, 'steps'>[]): Step[] =>
  migrations.flatMap(({ steps }) => [...steps]);

/**
 * The steps of the named migrations that leave the declared schema as it is. Adopt can't see whether they ran, because it
 * compares the declared schema with the live one. So it runs them before it records their migrations.
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

/** The channel of all steps, in and outside of migrations. */
const stepChannel = channelNamed('step');

/** Runs a step outside of a migration: a repair, a late key, a step that adopt runs. */
export const runStepAlone = (step: Step, context: StepContext): Promise<void> =>
  traced(stepChannel, { migration: null, step: step.title }, () => runStep(step, context));

async function each(
  { name }: Migration,
  steps: readonly Step[],
  context: StepContext,
  act: (step: Step, context: StepContext) => Promise<void>,
  verb = '',
): Promise<void> {
  for (const step of steps) {
    const title = `${verb}${step.title}`;
    context.onStep?.(name, title);
    await traced(stepChannel, { migration: name, step: title }, () => act(step, context));
  }
}

/** Runs a migration's steps, in order. */
export const runMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, migration.steps, context, runStep);

/** Restores what an undoing that died has removed. */
export const redoMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, migration.steps, context, (step, own) =>
    runStep({ ...step, plan: planOf(step, true) }, own),
  );

/** Undoes a migration's steps, the last one first. */
export const undoMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, [...migration.steps].reverse(), context, undoStep, 'undo: ');
