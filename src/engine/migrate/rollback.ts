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
  assertUndoable,
  type StepContext,
  stepsApart,
  stepsOf,
  undoMigration,
  type Migration,
} from '../steps/step';
import { named } from '../schema/shape';
import { readCatalog } from '../schema/catalog/read-catalog';
import { readNode } from '../server/node';
import { ownerOf, ownTablesOf, type Subject } from '../subject/subject';
import { withSession, type Database, guarded } from '../session/database';
import { defaultCopyLimitRows, defaultDiscardRows } from './wishes';
import { sessionReaders, withMigrationSession, type SessionOptions } from '../session/migration-session';
import { ensureHistory, forgetUndone, markReverting, readHistory } from '../history/history';
import { assertNotInterrupted } from '../waiting/execute-statement';
import { guardsInstalled } from '../guards/read-guards';
import { lackedFor, planUndoing } from './plan-undoing';
import { whereOf, type RollbackPlan, type RollbackResult } from './results';

/** Options of {@link rollback}. */
export interface RollbackOptions extends SessionOptions {
  /** How many migrations to undo, newest first; `all` for every one. */
  readonly steps?: number | 'all' | undefined;
  /** True where rows of dropped tables may be deleted. Default: true where the subject's variable `…_DISCARD_ROWS` is 1. */
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

/** Refuses to undo migrations that this code does not know. */
function unknownIn(subject: Subject, names: readonly string[]): ProtectionFlowsError[] {
  const unknown = names.filter((name) => !named(subject.migrations, name));
  if (unknown.length === 0) return [];
  return [
    new ProtectionFlowsError('HISTORY_UNKNOWN', {
      message: `the history names migrations that this version does not know: ${unknown.join(', ')}`,
      remedy: `Roll back with the newer version of ${subject.package} that applied them.`,
      details: { unknown },
    }),
  ];
}

/** Throws all refusals as one error. Stops before the first change: a rollback refused half-way leaves tables without keys. */
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
 * The next unapplied migration, where a migrate that died before recording it has left one of its tables: with only those
 * steps that leave the declared schema as it is. A table of the declared schema may have another origin, and is left alone.
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

/** The migrations that a rollback undoes. */
interface Undoing {
  /** Their names in the history, newest first. */
  readonly names: readonly string[];
  /** Those of them that this code knows. */
  readonly undoing: readonly Migration[];
  /** The context of their steps, with the tables that the rollback drops. */
  readonly context: StepContext & { readonly dropped: ReadonlySet<string> };
}

/** Chooses the migrations to undo. */
async function choose(
  subject: Subject,
  own: StepContext,
  steps: RollbackOptions['steps'] = 1,
): Promise<Undoing> {
  const history = (await readHistory(own.session, ownTablesOf(subject).history)) ?? [];
  const applied = history.map((entry) => entry.name);
  const recorded = [...applied].reverse().slice(0, steps === 'all' ? undefined : steps);
  const left = recorded.length === 0 ? [] : await leftUnrecorded(own, subject, applied);
  const undoing = [...left, ...recorded.flatMap((name) => named(subject.migrations, name) ?? [])];
  const dropped = new Set(stepsOf(undoing).flatMap((step) => step.creates ?? []));
  return { names: [...left.map(({ name }) => name), ...recorded], undoing, context: { ...own, dropped } };
}

/**
 * The faults that stop a rollback, except unknown migrations. Installed guards stop it too: older programs, for which one rolls
 * back, are strangers to the guards, so the user has to remove these first.
 */
async function refusalsOf(
  database: Database,
  { undoing, context }: Undoing,
): Promise<ProtectionFlowsError[]> {
  const guards = undoing.length === 0 ? null : await guardsInstalled(database, context.session);
  const refusals = guards === null ? [] : [guards];
  for (const step of undoing.flatMap(({ steps }) => [...steps].reverse())) {
    await assertUndoable(step, context).catch((error: unknown) => {
      if (!isProtectionFlowsError(error) || error.stage !== 'refused') throw error;
      refusals.push(error);
    });
  }
  return refusals;
}

/**
 * Undoes the newest migration. Marks it in the history before the first statement: if this run dies, the next rollback undoes
 * the rest, and the next migrate restores what was removed.
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
 * Undoes the newest migrations, one after the other, under the same lock as migrate. Refuses before its first statement where
 * rows would be lost and the caller did not allow it.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; ROLLBACK_WOULD_LOSE_ROWS, ROLLBACK_BLOCKED_BY_KEYS,
 * GUARDS_INSTALLED, ENUM_VALUE_IN_USE, HISTORY_UNKNOWN, PRIVILEGE_MISSING, MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED
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
  return withMigrationSession(dataSource, options, wishes, async ({ context: own, node, executed }) => {
    const chosen = await choose(subject, own, options.steps);
    const { names, undoing, context } = chosen;
    throwAll(unknownIn(subject, names));
    const { needs } = await planUndoing(context, subject, undoing, node);
    throwAll([...(await refusalsOf(dataSource, chosen)), ...(await lackedFor(context, needs))]);
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
 * Plans what {@link rollback} would execute now with these options, which rows would be lost, and what stops it. Executes only
 * SELECT and SHOW, and takes no lock.
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
    const lost: Record<string, number> = {};
    const own: StepContext = {
      session,
      server,
      owner: ownerOf(subject),
      copyLimitRows: defaultCopyLimitRows(subject),
      discardRows: options.discardRows ?? defaultDiscardRows(subject),
      onDiscard: (table, rows) => (lost[table] = rows),
      execute: () => Promise.reject(new Error('a plan executes nothing')),
    };
    const chosen = await choose(subject, own, options.steps);
    const { names, undoing, context } = chosen;
    const refusals = [...unknownIn(subject, names), ...(await refusalsOf(dataSource, chosen))];
    for (const { code, details } of refusals)
      if (code === 'ROLLBACK_WOULD_LOSE_ROWS' && 'rows' in details)
        lost[String(details.table)] = Number(details.rows);
    const node = await readNode(session);
    const { statements, refusals: unplanned, needs } = await planUndoing(context, subject, undoing, node);
    const all = [...refusals, ...unplanned, ...(await lackedFor(context, needs))];
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
