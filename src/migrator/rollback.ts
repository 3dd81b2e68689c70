import type { QueryRunner } from 'typeorm';
import {
  count,
  declareArguments,
  flag,
  optional,
  options as optionsOf,
  refuse,
  type Reader,
} from '../arguments';
import { isProtectionFlowsError, ProtectionFlowsError } from '../errors';
import { migrationList, stepContext, type RunnerHooks, type StepMigration } from '../migrations';
import { assertUndoable } from '../schema/step';
import { guarded, sessionReaders } from './arguments';
import type { ProtectionFlowsDataSource } from './guarded-data-source';
import { ensureHistory, markReverting, readHistory } from './history';
import { assertNotInterrupted } from './interruption';
import { withMigrationSession, type SessionOptions } from './migration-session';
import { RecordingExecutor } from './recording-executor';
import { whereOf, type RollbackResult } from './results';

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

const assertRollback = declareArguments('rollback', {
  dataSource: guarded,
  options: optionsOf({ ...sessionReaders, steps: optional(steps), discardRows: optional(flag) }),
});

/** Refuses to undo what this code did not do: it does not know how. */
function assertKnown(dataSource: ProtectionFlowsDataSource, names: readonly string[]): void {
  const unknown = names.filter((name) => !dataSource.migrations.some((migration) => migration.name === name));
  if (unknown.length === 0) return;
  throw new ProtectionFlowsError('HISTORY_UNKNOWN', {
    message: `the history names migrations that this version does not know: ${unknown.join(', ')}`,
    remedy: 'Roll back with the newer version of @sendense/protection-flows that applied them.',
    details: { unknown },
  });
}

/**
 * Looks at every step that is to be undone before the first is: a rollback of several that is refused half-way would
 * leave the tables without their keys.
 */
async function assertAllUndoable(runner: QueryRunner, undoing: readonly StepMigration[]): Promise<void> {
  const context = await stepContext(runner, null);
  const refusals: ProtectionFlowsError[] = [];
  for (const step of undoing.flatMap((migration) => [...migration.steps].reverse())) {
    await assertUndoable(step, context).catch((error: unknown) => {
      if (!isProtectionFlowsError(error) || error.stage !== 'refused') throw error;
      refusals.push(error);
    });
  }
  const [first, ...others] = refusals;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new ProtectionFlowsError(first.code, {
    message: refusals.map((error) => error.message).join('; '),
    remedy: [...new Set(refusals.map((error) => error.remedy))].join(' '),
    details: { refusals: refusals.map(({ code, details }) => ({ code, ...details })) },
  });
}

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
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; ROLLBACK_WOULD_LOSE_ROWS, ROLLBACK_BLOCKED_BY_KEYS, ENUM_VALUE_IN_USE,
 * HISTORY_UNKNOWN, MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED
 */
export async function rollback(
  dataSource: ProtectionFlowsDataSource,
  options: RollbackOptions = {},
): Promise<RollbackResult> {
  assertRollback({ dataSource, options });
  const count = options.steps === 'all' ? undefined : (options.steps ?? 1);
  const discarded: Record<string, number> = {};
  const undone: string[] = [];
  const hooks: RunnerHooks = {
    discardRows: options.discardRows,
    onDiscard: (table, rows) => (discarded[table] = rows),
  };
  return withMigrationSession(dataSource, options, hooks, async ({ runner, executed }) => {
    const applied = ((await readHistory(runner)) ?? []).map((entry) => entry.name);
    const names = applied.reverse().slice(0, count);
    assertKnown(dataSource, names);
    const undoing = names.flatMap((name) => migrationList.filter((migration) => migration.name === name));
    const steps = undoing.flatMap((migration) => [...migration.steps]);
    hooks.dropped = new Set(steps.flatMap((step) => step.creates ?? []));
    await assertAllUndoable(runner, undoing);
    if (names.length > 0) await ensureHistory(await stepContext(runner, null));
    for (const name of names) {
      assertNotInterrupted(options.signal);
      await undoNewest(dataSource, runner, name, executed);
      undone.push(name);
    }
    return { ok: true, ...whereOf(dataSource), undone, discarded };
  });
}
