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
import { assertUndoable, type StepContext } from '../steps/step';
import { stepsApart, undoMigration, type Migration } from '../steps/migration';
import { readCatalog } from '../schema/catalog/read-catalog';
import { ownerOf, ownTablesOf, type Subject } from '../subject/subject';
import type { Queryable } from '../server/queryable';
import { withSession, type Database, guarded } from '../session/database';
import { defaultCopyLimitRows, defaultDiscardRows } from './wishes';
import { sessionReaders, withMigrationSession, type SessionOptions } from '../session/migration-session';
import { ensureHistory, forgetUndone, markReverting, readHistory } from '../history/history';
import { assertNotInterrupted } from '../waiting/execute-statement';
import { guardsInstalled } from '../guards/read-guards';
import { planUndoing } from './plan-undoing';
import { whereOf, type RollbackPlan, type RollbackResult } from './results';

/** Options of {@link rollback}. */
export interface RollbackOptions extends SessionOptions {
  /** How many migrations to undo, newest first; `all` for every one. */
  readonly steps?: number | 'all' | undefined;
  /** True when the rows of dropped tables may be thrown away. Default: the subject's variable `…_DISCARD_ROWS` is 1. */
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
function unknownIn(subject: Subject, names: readonly string[]): ProtectionFlowsError[] {
  const { migrations } = subject;
  const unknown = names.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length === 0) return [];
  return [
    new ProtectionFlowsError('HISTORY_UNKNOWN', {
      message: `the history names migrations that this version does not know: ${unknown.join(', ')}`,
      remedy: `Roll back with the newer version of ${subject.package} that applied them.`,
      details: { unknown },
    }),
  ];
}

/** What each step that is to be undone refuses, looked at before the first is undone. */
async function refusalsOf(
  context: StepContext,
  undoing: readonly Migration[],
): Promise<ProtectionFlowsError[]> {
  const refusals: ProtectionFlowsError[] = [];
  for (const step of undoing.flatMap((migration) => [...migration.steps].reverse())) {
    await assertUndoable(step, context).catch((error: unknown) => {
      if (!isProtectionFlowsError(error) || error.stage !== 'refused') throw error;
      refusals.push(error);
    });
  }
  return refusals;
}

/** Older programs, for which one rolls back, are strangers to the guards: those go first, when their user says so. */
async function guardRefusals(
  database: Database,
  session: Queryable,
  undoing: readonly Migration[],
): Promise<ProtectionFlowsError[]> {
  const refusal = undoing.length === 0 ? null : await guardsInstalled(database, session);
  return refusal === null ? [] : [refusal];
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

/**
 * The migration that follows the applied ones, with the steps of which a migrate that died before it recorded the migration
 * left a table. Steps on the declared schema are not among them: whose such a table is, is not known.
 */
async function leftUnrecorded(
  { session, server }: Pick<StepContext, 'session' | 'server'>,
  { migrations }: Subject,
  applied: readonly string[],
): Promise<Migration[]> {
  const next = migrations.find(({ name }) => !applied.includes(name));
  if (next === undefined || applied.length === 0) return [];
  const steps = stepsApart(migrations, [next.name]);
  const created = steps.flatMap(({ creates }) => creates ?? []);
  const live = await readCatalog(session, server, created);
  return created.some((table) => live.has(table)) ? [{ ...next, steps }] : [];
}

/** The migrations that are to be undone, newest first, by name and as this code knows them. */
async function chosen(
  context: Pick<StepContext, 'session' | 'server'>,
  subject: Subject,
  steps: RollbackOptions['steps'] = 1,
): Promise<{ names: string[]; undoing: Migration[] }> {
  const history = (await readHistory(context.session, ownTablesOf(subject).history)) ?? [];
  const applied = history.map((entry) => entry.name);
  const recorded = [...applied].reverse().slice(0, steps === 'all' ? undefined : steps);
  const left = recorded.length === 0 ? [] : await leftUnrecorded(context, subject, applied);
  return {
    names: [...left.map(({ name }) => name), ...recorded],
    undoing: [
      ...left,
      ...recorded.flatMap((name) => subject.migrations.filter((migration) => migration.name === name)),
    ],
  };
}

/** The tables that undoing those migrations drops. */
const droppedBy = (undoing: readonly Migration[]): ReadonlySet<string> =>
  new Set(undoing.flatMap(({ steps }) => steps.flatMap((step) => step.creates ?? [])));

/**
 * Undoes the newest migration. The history says so before the first statement: if this run dies, a rollback undoes
 * the rest of it, and a migrate brings back what is gone.
 */
async function undoNewest(migration: Migration, context: StepContext, executed: () => number): Promise<void> {
  const { name } = migration;
  await markReverting(context, name, true);
  const before = executed();
  try {
    await undoMigration(migration, context);
    await forgetUndone(context, name);
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
 * ROLLBACK_BLOCKED_BY_KEYS, GUARDS_INSTALLED, ENUM_VALUE_IN_USE, HISTORY_UNKNOWN, MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED
 */
export async function rollback(dataSource: Database, options: RollbackOptions = {}): Promise<RollbackResult> {
  assertRollback({ dataSource, options });
  const { subject } = dataSource;
  const discarded: Record<string, number> = {};
  const undone: string[] = [];
  const wishes = {
    copyLimitRows: defaultCopyLimitRows(subject),
    discardRows: options.discardRows ?? defaultDiscardRows(subject),
    onDiscard: (table: string, rows: number) => void (discarded[table] = rows),
  };
  return withMigrationSession(dataSource, options, wishes, async ({ session, context: own, executed }) => {
    const { names, undoing } = await chosen({ session, server: dataSource.server }, subject, options.steps);
    throwAll(unknownIn(subject, names));
    const context = { ...own, dropped: droppedBy(undoing) };
    throwAll([
      ...(await guardRefusals(dataSource, session, undoing)),
      ...(await refusalsOf(context, undoing)),
    ]);
    if (undoing.length > 0) await ensureHistory(context);
    for (const migration of undoing) {
      assertNotInterrupted(options.signal);
      await undoNewest(migration, context, executed);
      undone.push(migration.name);
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
  dataSource: Database,
  options: Pick<RollbackOptions, 'steps' | 'discardRows'> = {},
): Promise<RollbackPlan> {
  assertPlanRollback({ dataSource, options });
  const { subject, server } = dataSource;
  return withSession(dataSource, async (session) => {
    const { names, undoing } = await chosen({ session, server }, subject, options.steps);
    const lost: Record<string, number> = {};
    const dropped = droppedBy(undoing);
    const context: StepContext = {
      session,
      server,
      owner: ownerOf(subject),
      copyLimitRows: defaultCopyLimitRows(subject),
      discardRows: options.discardRows ?? defaultDiscardRows(subject),
      dropped,
      onDiscard: (table, rows) => (lost[table] = rows),
      execute: () => Promise.reject(new Error('a plan executes nothing')),
    };
    const refusals = [
      ...unknownIn(subject, names),
      ...(await guardRefusals(dataSource, session, undoing)),
      ...(await refusalsOf(context, undoing)),
    ];
    for (const { code, details } of refusals)
      if (code === 'ROLLBACK_WOULD_LOSE_ROWS' && 'rows' in details)
        lost[String(details.table)] = Number(details.rows);
    const { statements, refusals: unplanned } = await planUndoing(context, subject, undoing, dropped);
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
