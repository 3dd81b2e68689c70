import { declareArguments, optional, options as optionsOf } from '../../arguments';
import {
  isInTheWay,
  plannedStatements,
  preflight,
  type Facts,
  type Finding,
  type KeyFact,
} from '../preflight';
import { named } from '../schema/shape';
import { guarded, withSession, type Database } from '../session/database';
import { sessionReaders, withMigrationSession, type SessionOptions } from '../session/migration-session';
import { ensureHistory, markReverting, readHistory, recordApplied } from '../history/history';
import { ownTablesOf, type Subject } from '../subject/subject';
import type { Queryable } from '../server/queryable';
import { thisProcess } from '../server/names';
import { redoMigration, runMigration, type Migration, type StepContext } from '../steps/step';
import { assertUnmoved, keep, type KeptPlan } from './kept-plan';
import { addLateKeys, isRefused, takeOffUnvalidated } from './late-keys';
import { planReader } from './plan-reader';
import { factsOf } from './preflight';
import { whereOf, type KeyResult, type MigratePlan, type MigrateResult } from './results';
import { wishesOf, wishReaders, type WishOptions } from './wishes';

/** Options of {@link migrate}. */
export interface MigrateOptions extends SessionOptions, WishOptions {
  /** A kept plan, carried out with its own options; nothing is executed where anything has changed since. */
  readonly plan?: KeptPlan | undefined;
}

const assertMigrate = declareArguments('migrate', {
  dataSource: guarded,
  options: optionsOf({ ...sessionReaders, ...wishReaders, plan: optional(planReader) }),
});
const planArguments = { dataSource: guarded, options: optionsOf(wishReaders) };
const assertPlan = declareArguments('planMigrate', planArguments);
const assertKeep = declareArguments('keepPlan', planArguments);

/** A key's status before anything ran, for users. */
function statusOf(
  fact: KeyFact,
  findings: readonly Finding[],
): 'to-add' | 'present' | 'deferred' | 'refused' {
  const { status } = fact.state;
  return isRefused(fact, findings) || status === 'unreadable' ? 'refused' : status;
}

/** The status of every key of a migrate that executes nothing. */
function keyResults(facts: Facts, findings: readonly Finding[]): KeyResult[] {
  return facts.keys.map((fact) => {
    const status = statusOf(fact, findings);
    return { name: fact.key.name, status: status === 'to-add' ? 'refused' : status, ms: 0 };
  });
}

/** Restores the migrations whose rollback died; returns their names. */
async function redoReverted(subject: Subject, context: StepContext): Promise<string[]> {
  const redone: string[] = [];
  for (const { name, reverting } of (await readHistory(context.session, ownTablesOf(subject).history)) ??
    []) {
    if (!reverting) continue;
    const migration = named(subject.migrations, name);
    if (migration !== undefined) await redoMigration(migration, context);
    await markReverting(context, name, false);
    redone.push(name);
  }
  return redone;
}

/** Applies the migrations, and records each with process, version and duration. */
async function apply(
  pending: readonly Migration[],
  packageVersion: string,
  context: StepContext,
): Promise<string[]> {
  for (const migration of pending) {
    const startedAt = performance.now();
    await runMigration(migration, context);
    const durationMs = Math.round(performance.now() - startedAt);
    await recordApplied(context, [migration], { appliedBy: thisProcess(), packageVersion, durationMs });
  }
  return pending.map(({ name }) => name);
}

/**
 * Brings the database to the declared schema: takes the lock, runs preflight, applies the pending migrations, and adds the
 * missing declared keys. After a blocking finding nothing is executed, except that an unvalidated key with orphans is
 * dropped; the findings say what to do. A late key that can't be added is skipped and reported.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; PLAN_MOVED where nothing of a plan was carried out;
 * MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST, and what a step refuses
 */
export async function migrate(dataSource: Database, options: MigrateOptions = {}): Promise<MigrateResult> {
  assertMigrate({ dataSource, options });
  const { subject } = dataSource;
  const times = new Map<string, number>();
  const wishes = wishesOf(subject, options.plan?.options ?? options);
  const told = { ...wishes, discardRows: false, onKey: (name: string, ms: number) => times.set(name, ms) };
  return withMigrationSession(dataSource, options, told, async ({ session, context, node, tell }) => {
    tell('preflight');
    const before = await factsOf(dataSource, session, wishes, node);
    const findings = preflight(before);
    const where = whereOf(dataSource);
    if (options.plan) await assertUnmoved(dataSource, session, options.plan, planFrom(dataSource, before));
    await takeOffUnvalidated(context, before, findings);
    if (findings.some((finding) => finding.effect === 'blocking'))
      return { ok: false, ...where, applied: [], keys: keyResults(before, findings), findings };
    if (before.pending.length > 0) await ensureHistory(context);
    const applied = before.historyTable.reverting.length > 0 ? await redoReverted(subject, context) : [];
    const left = subject.migrations.filter(
      ({ name }) => !applied.includes(name) && before.pending.some((migration) => migration.name === name),
    );
    applied.push(...(await apply(left, subject.version, context)));
    findings.push(...(await addLateKeys(subject, context, before, findings, tell)));
    const keys = before.keys.map((fact): KeyResult => {
      const status = statusOf(fact, findings);
      const ms = times.get(fact.key.name) ?? 0;
      return { name: fact.key.name, status: status === 'to-add' ? 'added' : status, ms };
    });
    const ok = keys.every((key) => key.status !== 'refused');
    return { ok, ...where, applied, keys, findings };
  });
}

/** The `breaking` texts of the named migrations, by name. */
function breakingOf({ migrations }: Subject, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    migrations.flatMap(({ name, breaking }) =>
      breaking !== false && names.includes(name) ? [[name, breaking]] : [],
    ),
  );
}

/** Plans what {@link migrate} would do now with these options, with the findings. Executes only SELECTs. */
export async function planMigrate(dataSource: Database, options: WishOptions = {}): Promise<MigratePlan> {
  assertPlan({ dataSource, options });
  return withSession(dataSource, (session) => planOn(dataSource, session, options));
}

/** {@link planMigrate} on an open session. */
export async function planOn(
  dataSource: Database,
  session: Queryable,
  options: WishOptions = {},
): Promise<MigratePlan> {
  return planFrom(dataSource, await factsOf(dataSource, session, wishesOf(dataSource.subject, options)));
}

/**
 * Makes a plan for later, for `migrate`'s option `plan`: the result of {@link planMigrate}, and the state that it depends on.
 * Executes only SELECTs; reads up to 100,000 rows to measure the server's speed.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; PRIVILEGE_MISSING, CONNECTION_LOST
 */
export async function keepPlan(dataSource: Database, options: WishOptions = {}): Promise<KeptPlan> {
  assertKeep({ dataSource, options });
  return withSession(dataSource, async (session) => {
    const facts = await factsOf(dataSource, session, wishesOf(dataSource.subject, options));
    return keep(dataSource, session, planFrom(dataSource, facts), { facts, options });
  });
}

function planFrom(dataSource: Database, facts: Facts): MigratePlan {
  const findings = preflight(facts);
  const keys = facts.keys.map((fact) => ({ name: fact.key.name, status: statusOf(fact, findings) }));
  // The plan skips a refused key, as migrate does
  const refused = keys
    .filter(({ status }) => status === 'refused')
    .map(({ name }) => `add foreign key ${name}`);
  const pending = facts.pending.map((migration) => migration.name);
  return {
    ok: !findings.some(isInTheWay),
    ...whereOf(dataSource),
    pending,
    breaking: breakingOf(dataSource.subject, pending),
    statements: plannedStatements(facts).filter(({ step }) => !refused.includes(step)),
    keys,
    findings,
  };
}
