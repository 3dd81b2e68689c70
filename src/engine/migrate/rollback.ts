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

/** What a rollback comes to. */
interface Undoing {
  /** The migrations that are to be undone, newest first, as the history names them. */
  readonly names: readonly string[];
  /** The same as this code knows them. */
  readonly undoing: readonly Migration[];
  /** With the tables that go with them. */
  readonly context: StepContext & { readonly dropped: ReadonlySet<string> };
}

/** Which migrations are to be undone. */
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
 * What stands in the way of it, but for migrations that this code does not know. Older programs, for which one rolls back, are
 * strangers to the guards: those go first, when their user says so.
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
