import { channelNamed, traced } from '../../tracing';
import { readCatalog } from '../schema/catalog/read-catalog';
import type { Server } from '../server/server';
import type { Words } from '../server/names';
import type { OrphanChoice, OrphanContext } from '../orphans/context';
import type { Statement } from '../schema/ddl';
import type { ForeignKey, Schema } from '../schema/shape';

/** What a step is given to work with. */
export interface StepContext extends OrphanContext {
  /** True when the caller said that rows may be thrown away. */
  readonly discardRows: boolean;
  /** Tables that this rollback drops: undoing anything else on them would be work for nothing. */
  readonly dropped?: ReadonlySet<string>;
  /** What to do about rows whose parent does not exist. Default: `report`, which refuses the key. */
  readonly orphans?: OrphanChoice;
  /** A change that the server can't make without copying the table is made up to that many rows. */
  readonly copyLimitRows: number;
  /** Told before each step of a migration. */
  onStep?(migration: string | null, title: string): void;
  /** Told of each key that a step worked on, with the time it took in milliseconds. */
  onKey?(name: string, ms: number): void;
  /** Told of rows that are about to be thrown away, by the caller's wish. */
  onDiscard?(table: string, rows: number): void;
}

/**
 * One re-runnable change of the schema. It decides from the catalog whether it still has to run: DDL commits at once
 * on these servers, so no transaction protects a migration that is killed half-way, and its rerun meets any state.
 */
export interface Step {
  /** In words, for progress and plans: `create table shop_orders`. */
  readonly title: string;
  /** The tables whose shape it needs to know. */
  readonly tables: readonly string[];
  /** The table it creates, if that is what it does. */
  readonly creates?: string;
  /** The foreign key it adds, if that is what it does: such a step may be deferred, and is tried again later. */
  readonly foreignKey?: { readonly table: string; readonly key: ForeignKey };
  /** What carrying it out needs, besides what its statements do, in a database with these tables. Pure. */
  needs?(live: Schema): readonly { readonly privilege: string; readonly table: string }[];
  /**
   * What it makes of a schema: folded over all steps it gives the declared schema; over the live one, a plan's next
   * state. Pure.
   */
  declare(schema: Schema): Schema;
  /**
   * The statements still needed in that live schema; none when it is done. Pure.
   *
   * @param words for the remedy of what is thrown
   * @throws ProtectionFlowsError where the live schema holds something that the step must not touch
   */
  plan(live: Schema, server: Server, words: Words): readonly Statement[];
  /**
   * The statements still needed where the step had been carried out, and its undoing died: what later steps made of
   * its object may be there. Default: those of `plan`. Pure.
   */
  redo?(live: Schema, server: Server, words: Words): readonly Statement[];
  /**
   * The statements that undo what is there of it. Pure.
   *
   * @throws ProtectionFlowsError as `plan` does
   */
  undo(live: Schema, server: Server, words: Words): readonly Statement[];
  /** Looks at the rows before `undo` is executed; throws where rows would be lost unasked. */
  assertUndoable?(context: StepContext, live: Schema): Promise<void>;
  /** Carries the step out, where executing the planned statements is not enough. */
  run?(context: StepContext, live: Schema): Promise<void>;
}

/** Carries a step out on the live schema as it is now. */
export async function runStep(step: Step, context: StepContext): Promise<void> {
  const live = await readCatalog(context.session, context.server, step.tables);
  if (step.run !== undefined) return step.run(context, live);
  const { server, owner } = context;
  for (const { sql } of step.plan(live, server, owner.words)) await context.execute(sql);
}

/** Carries a step out again whose undoing died, on the live schema as it is now. */
export function redoStep(step: Step, context: StepContext): Promise<void> {
  return runStep({ ...step, plan: planOf(step, true) }, context);
}

/** How the step's statements are to be planned: anew, or where its undoing died. */
export function planOf(step: Step, isReverting: boolean): Step['plan'] {
  return isReverting && step.redo !== undefined ? step.redo : step.plan;
}

/** True where the step's table goes in the same rollback. */
function isMoot(step: Step, context: StepContext): boolean {
  return step.creates === undefined && (context.dropped?.has(step.tables[0] ?? '') ?? false);
}

/** Looks whether a step may be undone; throws where rows would be lost unasked. */
export async function assertUndoable(step: Step, context: StepContext): Promise<void> {
  if (isMoot(step, context) || step.assertUndoable === undefined) return;
  await step.assertUndoable(context, await readCatalog(context.session, context.server, step.tables));
}

/** Undoes a step on the live schema as it is now; refuses before the first statement where rows would be lost. */
export async function undoStep(step: Step, context: StepContext): Promise<void> {
  if (isMoot(step, context)) return;
  const live = await readCatalog(context.session, context.server, step.tables);
  await step.assertUndoable?.(context, live);
  const { server, owner } = context;
  for (const { sql } of step.undo(live, server, owner.words)) await context.execute(sql);
}

/** The schema that the steps make, one after the other, of an empty database. */
export function declaredBy(steps: readonly Step[]): Schema {
  return steps.reduce<Schema>((schema, step) => step.declare(schema), new Map());
}

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
  act: (step: Step, context: StepContext) => Promise<void>,
  verb = '',
): Promise<void> {
  for (const step of steps) {
    const title = `${verb}${step.title}`;
    context.onStep?.(name, title);
    await traced(stepChannel, { migration: name, step: title }, () => act(step, context));
  }
}

/** Carries a migration's steps out, in order. */
export const runMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, migration.steps, context, runStep);

/** Brings back what an undoing that died took away. */
export const redoMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, migration.steps, context, redoStep);

/** Undoes a migration's steps, the last one first. */
export const undoMigration = (migration: Migration, context: StepContext): Promise<void> =>
  each(migration, [...migration.steps].reverse(), context, undoStep, 'undo: ');
