import type { QueryRunner } from 'typeorm';
import {
  count,
  declareArguments,
  flag,
  optional,
  options as optionsOf,
  refuse,
  type Reader,
} from '../../arguments';
import { isProtectionFlowsError, ProtectionFlowsError } from '../../errors';
import {
  attachHooks,
  migrationList,
  stepContext,
  type RunnerHooks,
  type StepMigration,
} from '../../migrations';
import { assertUndoable } from '../steps/step';
import { guarded, sessionReaders } from './arguments';
import type { ProtectionFlowsDataSource } from '../../typeorm/guarded-data-source';
import { ensureHistory, markReverting, readHistory } from '../history/history';
import { assertNotInterrupted } from '../session/interruption';
import { withMigrationSession, type SessionOptions } from '../session/migration-session';
import { RecordingExecutor } from './recording-executor';
import { planUndoing } from './plan-undoing';
import { whereOf, type RollbackPlan, type RollbackResult } from './results';
import { withRunner } from '../session/with-runner';

/** Options of {@link rollback}. */
export interface RollbackOptions extends SessionOptions {
  /** How many migrations to undo, newest first; `all` for every one. */
  readonly steps?: number | 'all' | undefined;
  /** True when the rows of dropped tables may be thrown away. Default: PROTECTION_FLOWS_DISCARD_ROWS is 1. */
  readonly discardRows?: boolean | undefined;
}

const howMany = count({ min: 0, max: Number.MAX_SAFE_INTEGER });

const steps: Reader<number | 'all'> = (value, field, faults) => {
  if (value === 'all' || howMany(value, field, []) !== undefined) return value as number | 'all';
  return refuse(faults, field, 'isSteps', "must be a whole number, or 'all'");
};

const wishReaders = { steps: optional(steps), discardRows: optional(flag) };
const assertRollback = declareArguments('rollback', {
  dataSource: guarded,
  options: optionsOf({ ...sessionReaders, ...wishReaders }),
});
const assertPlanRollback = declareArguments('planRollback', {
  dataSource: guarded,
  options: optionsOf(wishReaders),
});

/** The refusal to undo what this code did not do: it does not know how. */
function unknownIn(
  { migrations }: ProtectionFlowsDataSource,
  names: readonly string[],
): ProtectionFlowsError[] {
  const unknown = names.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length === 0) return [];
  return [
    new ProtectionFlowsError('HISTORY_UNKNOWN', {
      message: `the history names migrations that this version does not know: ${unknown.join(', ')}`,
      remedy: 'Roll back with the newer version of @sendense/protection-flows that applied them.',
      details: { unknown },
    }),
  ];
}

/** What each step that is to be undone refuses, looked at before the first is undone. */
async function refusalsOf(
  runner: QueryRunner,
  undoing: readonly StepMigration[],
): Promise<ProtectionFlowsError[]> {
  const context = await stepContext(runner, null);
  const refusals: ProtectionFlowsError[] = [];
  for (const step of undoing.flatMap((migration) => [...migration.steps].reverse())) {
    await assertUndoable(step, context).catch((error: unknown) => {
      if (!isProtectionFlowsError(error) || error.stage !== 'refused') throw error;
      refusals.push(error);
    });
  }
  return refusals;
}

/** Throws what was refused: a rollback of several that is refused half-way would leave the tables without their keys. */
function throwAll(refusals: readonly ProtectionFlowsError[]): void {
  const [first, ...others] = refusals;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new ProtectionFlowsError(first.code, {
    message: refusals.map((error) => error.message).join('; '),
    remedy: [...new Set(refusals.map((error) => error.remedy))].join(' '),
    details: { refusals: refusals.map(({ code, details }) => ({ code, ...details })) },
  });
}

/** The migrations that are to be undone, newest first, by name and as this code knows them. */
async function chosen(
  runner: QueryRunner,
  steps: RollbackOptions['steps'] = 1,
): Promise<{ names: string[]; undoing: StepMigration[] }> {
  const applied = ((await readHistory(runner)) ?? []).map((entry) => entry.name);
  const names = applied.reverse().slice(0, steps === 'all' ? undefined : steps);
  const undoing = names.flatMap((name) => migrationList.filter((migration) => migration.name === name));
  return { names, undoing };
}

/** The tables that undoing those migrations drops. */
const droppedBy = (undoing: readonly StepMigration[]): ReadonlySet<string> =>
  new Set(undoing.flatMap(({ steps }) => steps.flatMap((step) => step.creates ?? [])));

/**
 * Undoes the newest migration. The history says so before the first statement: if this run dies, a rollback undoes
 * the rest of it, and a migrate brings back what is gone.
 */
async function undoNewest(
  dataSource: ProtectionFlowsDataSource,
  runner: QueryRunner,
  name: string,
  executed: () => number,
): Promise<void> {
  const context = await stepContext(runner, null);
  await markReverting(context, name, true);
  const before = executed();
  try {
    await new RecordingExecutor(dataSource, runner).undoLastMigration();
  } catch (error) {
    if (executed() === before) await markReverting(context, name, false).catch(() => undefined);
    throw error;
  }
}

/**
 * Undoes the newest migrations, one after the other, under the same lock as migrate. Each refuses, before its first
 * statement, where rows would be lost that the caller did not give up.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; ROLLBACK_WOULD_LOSE_ROWS,
 * ROLLBACK_BLOCKED_BY_KEYS, ENUM_VALUE_IN_USE, HISTORY_UNKNOWN, MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED
 */
export async function rollback(
  dataSource: ProtectionFlowsDataSource,
  options: RollbackOptions = {},
): Promise<RollbackResult> {
  assertRollback({ dataSource, options });
  const discarded: Record<string, number> = {};
  const undone: string[] = [];
  const hooks: RunnerHooks = {
    discardRows: options.discardRows,
    onDiscard: (table, rows) => (discarded[table] = rows),
  };
  return withMigrationSession(dataSource, options, hooks, async ({ runner, executed }) => {
    const { names, undoing } = await chosen(runner, options.steps);
    throwAll(unknownIn(dataSource, names));
    hooks.dropped = droppedBy(undoing);
    throwAll(await refusalsOf(runner, undoing));
    if (names.length > 0) await ensureHistory(await stepContext(runner, null));
    for (const name of names) {
      assertNotInterrupted(options.signal);
      await undoNewest(dataSource, runner, name, executed);
      undone.push(name);
    }
    return { ok: true, ...whereOf(dataSource), undone, discarded };
  });
}

/**
 * What {@link rollback} would execute now with these options, which rows it would lose, and what stands in its way.
 * Executes nothing but SELECT and SHOW, and takes no lock.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; PRIVILEGE_MISSING, CONNECTION_LOST
 */
export async function planRollback(
  dataSource: ProtectionFlowsDataSource,
  options: Pick<RollbackOptions, 'steps' | 'discardRows'> = {},
): Promise<RollbackPlan> {
  assertPlanRollback({ dataSource, options });
  return withRunner(dataSource, async (runner) => {
    const { names, undoing } = await chosen(runner, options.steps);
    const lost: Record<string, number> = {};
    const dropped = droppedBy(undoing);
    attachHooks(runner, {
      server: dataSource.server,
      discardRows: options.discardRows,
      dropped,
      onDiscard: (table, rows) => (lost[table] = rows),
    });
    const refusals = [...unknownIn(dataSource, names), ...(await refusalsOf(runner, undoing))];
    for (const { code, details } of refusals)
      if (code === 'ROLLBACK_WOULD_LOSE_ROWS' && 'rows' in details)
        lost[String(details.table)] = Number(details.rows);
    const { statements, refusals: unplanned } = await planUndoing(
      runner,
      dataSource.server,
      undoing,
      dropped,
    );
    const all = [...refusals, ...unplanned];
    return {
      ok: all.length === 0,
      ...whereOf(dataSource),
      undoing: names,
      statements,
      lost,
      refusals: all.map(({ code, message, remedy, details }) => ({ code, message, remedy, details })),
    };
  });
}
