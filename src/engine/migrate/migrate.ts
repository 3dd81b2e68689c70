import type { Migration, QueryRunner } from 'typeorm';
import { declareArguments, options as optionsOf } from '../../arguments';
import { migrationList, stepContext, type RunnerHooks } from '../../migrations';
import {
  isInTheWay,
  plannedStatements,
  preflight,
  type Facts,
  type Finding,
  type KeyFact,
} from '../preflight';
import { named } from '../schema/shape';
import { guarded, sessionReaders, wishReaders } from './arguments';
import type { ProtectionFlowsDataSource } from '../../typeorm/guarded-data-source';
import { ensureHistory, markReverting, readHistory } from '../history/history';
import { withMigrationSession, type SessionOptions } from '../session/migration-session';
import { addLateKeys, isRefused, takeOffUnproven } from './late-keys';
import { factsOf } from './preflight';
import { RecordingExecutor } from './recording-executor';
import { whereOf, type KeyResult, type MigratePlan, type MigrateResult } from './results';
import { wishesOf, type WishOptions } from './wishes';
import { withRunner } from '../session/with-runner';

/** Options of {@link migrate}. */
export interface MigrateOptions extends SessionOptions, WishOptions {}

/** What a migrate did, with TypeORM's own view of the migrations for `runMigrations`. */
export interface MigrateOutcome extends MigrateResult {
  readonly migrations: Migration[];
}

const assertMigrate = declareArguments('migrate', {
  dataSource: guarded,
  options: optionsOf({ ...sessionReaders, ...wishReaders }),
});
const assertPlan = declareArguments('planMigrate', { dataSource: guarded, options: optionsOf(wishReaders) });

/** Where a key stands before anything ran, as far as users are concerned. */
function statusOf(
  fact: KeyFact,
  findings: readonly Finding[],
): 'to-add' | 'present' | 'deferred' | 'refused' {
  const { status } = fact.state;
  return isRefused(fact, findings) || status === 'unreadable' ? 'refused' : status;
}

/** The status of every key where nothing may run. */
function keyResults(facts: Facts, findings: readonly Finding[]): KeyResult[] {
  return facts.keys.map((fact) => {
    const status = statusOf(fact, findings);
    return { name: fact.key.name, status: status === 'to-add' ? 'refused' : status, ms: 0 };
  });
}

/** Brings back what a rollback that died took away of its migration; the name of that migration. */
async function redoReverted(runner: QueryRunner): Promise<string[]> {
  const redone: string[] = [];
  for (const { name, reverting } of (await readHistory(runner)) ?? []) {
    if (!reverting) continue;
    await named(migrationList, name)?.redo(runner);
    await markReverting(await stepContext(runner, null), name, false);
    redone.push(name);
  }
  return redone;
}

/**
 * Brings the database to the declared schema: takes the lock, runs preflight, applies the pending migrations, adds
 * the declared keys that are absent. Where preflight finds something blocking, nothing is executed, and the findings
 * say what to do; a late key that can't be added is left out and reported.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST, and what a step refuses
 */
export async function migrate(
  dataSource: ProtectionFlowsDataSource,
  options: MigrateOptions = {},
): Promise<MigrateOutcome> {
  assertMigrate({ dataSource, options });
  const times = new Map<string, number>();
  const wishes = wishesOf(options);
  const hooks: RunnerHooks = { ...wishes, onKey: (name, ms) => times.set(name, ms) };
  return withMigrationSession(dataSource, options, hooks, async ({ runner, node, tell }) => {
    tell('preflight');
    const before = await factsOf(dataSource, runner, wishes, node);
    const findings = preflight(before);
    const where = whereOf(dataSource);
    await takeOffUnproven(runner, before, findings);
    if (findings.some((finding) => finding.effect === 'blocking')) {
      const keys = keyResults(before, findings);
      return { ok: false, ...where, applied: [], migrations: [], keys, findings };
    }
    if (before.pending.length > 0) await ensureHistory(await stepContext(runner, null));
    const applied = before.historyTable.reverting.length > 0 ? await redoReverted(runner) : [];
    const migrations =
      before.pending.length > 0
        ? await new RecordingExecutor(dataSource, runner).executePendingMigrations()
        : [];
    applied.push(...migrations.map(({ name }) => name));
    findings.push(...(await addLateKeys(runner, before, findings, tell)));
    const keys = before.keys.map((fact): KeyResult => {
      const status = statusOf(fact, findings);
      const ms = times.get(fact.key.name) ?? 0;
      return { name: fact.key.name, status: status === 'to-add' ? 'added' : status, ms };
    });
    const ok = keys.every((key) => key.status !== 'refused');
    return { ok, ...where, applied, migrations, keys, findings };
  });
}

/** What the migrations of those names break. */
function breakingOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    migrationList.flatMap(({ name, breaking }) =>
      breaking !== false && names.includes(name) ? [[name, breaking]] : [],
    ),
  );
}

/** What {@link migrate} would do now with these options, and what stands in its way. Executes nothing but SELECTs. */
export async function planMigrate(
  dataSource: ProtectionFlowsDataSource,
  options: WishOptions = {},
): Promise<MigratePlan> {
  assertPlan({ dataSource, options });
  return withRunner(dataSource, async (runner) => {
    const facts = await factsOf(dataSource, runner, wishesOf(options));
    const findings = preflight(facts);
    const keys = facts.keys.map((fact) => ({ name: fact.key.name, status: statusOf(fact, findings) }));
    // A key that preflight refuses is left out of the plan, as migrate leaves it out
    const refused = keys
      .filter(({ status }) => status === 'refused')
      .map(({ name }) => `add foreign key ${name}`);
    const pending = facts.pending.map((migration) => migration.name);
    return {
      ok: !findings.some(isInTheWay),
      ...whereOf(dataSource),
      pending,
      breaking: breakingOf(pending),
      statements: plannedStatements(facts).filter(({ step }) => !refused.includes(step)),
      keys,
      findings,
    };
  });
}
