import { createHash } from 'node:crypto';
import { ProtectionFlowsError } from '../../errors';
import { findOrphans } from '../orphans/find-orphans';
import type { Facts, PlannedStatement } from '../preflight';
import { readCatalog, readTriggers } from '../schema/catalog/read-catalog';
import { errnoOf, quoteName, select, type Queryable } from '../server/queryable';
import type { Database } from '../session/database';
import { readNode } from '../server/node';
import { readTableSize, type TableSize } from '../steps/alter-table';
import { declaredSchemaOf, ownTablesOf, tablesOf } from '../subject/subject';
import type { MigratePlan } from './results';
import { defaultCopyLimitRows, type WishOptions } from './wishes';

/** A plan that `migrate` carries out unchanged or not at all. Plain data, as `migrate --plan --out FILE` writes it. */
export interface KeptPlan extends MigratePlan {
  /** The version of this format. */
  readonly form: 1;
  /** What its migrate may do. */
  readonly options: WishOptions;
  /** The state at planning, by name: server, program, history, tables and numbers of orphans, as texts and digests. */
  readonly grounds: Readonly<Record<string, string>>;
  /** The size of each table at planning. */
  readonly sizes: Readonly<Record<string, TableSize>>;
  /** Each with the seconds of one scan of its table, at the read speed measured at planning. */
  readonly statements: readonly (PlannedStatement & { readonly seconds: number })[];
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** A digest of what a plan says it will do. It detects a plan that somebody has edited. */
const deedsOf = ({ pending, breaking, statements, keys }: MigratePlan): KeptPlan['grounds'] => {
  const shown = statements.map(({ sql, copies }) => [sql, copies]);
  return { 'what is to be done': digest([pending, breaking, shown, keys]) };
};

/** Reads the state that a plan depends on. */
async function readGrounds(
  { server, database, subject }: Database,
  session: Queryable,
): Promise<KeptPlan['grounds']> {
  const declared = declaredSchemaOf(subject);
  const { history } = ownTablesOf(subject);
  const names = [...tablesOf(subject), history];
  const live = await readCatalog(session, server, names);
  const triggers = await readTriggers(session, database, names);
  const code = subject.migrations.map(({ name, steps }) => [name, steps.map(({ title }) => title)]);
  const grounds: Record<string, string> = {
    server: `${server.flavour} ${server.version} ${(await readNode(session)).id}`,
    database,
    program: `${subject.package} ${subject.version} ${digest([code, ...declared])}`,
    history: digest(live.has(history) ? await select(session, `SELECT * FROM ${history}`) : null),
  };
  for (const name of names) {
    const table = live.get(name);
    grounds[`table ${name}`] = digest([table, triggers.filter((trigger) => trigger.table === name)]);
    for (const key of declared.get(name)?.foreignKeys ?? []) {
      if (table === undefined || !live.has(key.parentTable)) continue;
      const orphans = await findOrphans(session, table, key, live).catch((error: unknown) => {
        if (errnoOf(error) === null) throw error;
        return { rows: 'unknown' };
      });
      grounds[`orphans of ${key.name}`] = String(orphans.rows);
    }
  }
  return grounds;
}

/** Adds to a plan the state that it depends on, and time estimates, for which it reads up to 100,000 rows. */
export async function keep(
  database: Database,
  session: Queryable,
  plan: MigratePlan,
  { facts, options }: { readonly facts: Facts; readonly options: WishOptions },
): Promise<KeptPlan> {
  const sizes: Record<string, TableSize> = {};
  for (const name of facts.live.keys()) sizes[name] = await readTableSize(session, name, Infinity);
  const [largest] = Object.entries(sizes).sort(([, one], [, other]) => other.bytes - one.bytes);
  const [name, { rows, bytes }] = largest ?? ['', { rows: 0, bytes: 0 }];
  const some = Math.min(rows, 100_000);
  const startedAt = performance.now();
  if (some > 0)
    await session.query(
      `SELECT COUNT(*) FROM (SELECT 1 FROM ${quoteName(name)} USE INDEX () LIMIT ${some}) t`,
    );
  const msPerByte = some > 0 ? ((performance.now() - startedAt) * rows) / some / Math.max(bytes, 1) : 0;
  const tables = new Map(facts.plan.statements.map(({ sql, table }) => [sql, table ?? '']));
  const statements = plan.statements.map((statement) => {
    const scanned = sizes[tables.get(statement.sql) ?? '']?.bytes ?? 0;
    return { ...statement, seconds: Math.ceil(scanned * msPerByte) / 1000 };
  });
  const copyLimitRows = options.copyLimitRows ?? defaultCopyLimitRows(database.subject);
  const grounds = await readGrounds(database, session);
  return { form: 1, ...plan, statements, sizes, options: { ...options, copyLimitRows }, grounds };
}

/**
 * Compares a kept plan, and the state that it depends on, with a new plan and the state now.
 *
 * @param found the new plan
 * @throws ProtectionFlowsError PLAN_MOVED, naming every difference
 */
export async function assertUnmoved(
  database: Database,
  session: Queryable,
  plan: KeptPlan,
  found: MigratePlan,
): Promise<void> {
  const planned = { ...plan.grounds, ...deedsOf(plan) };
  const now = { ...(await readGrounds(database, session)), ...deedsOf(found) };
  const moved = [...new Set([...Object.keys(planned), ...Object.keys(now)])]
    .filter((what) => planned[what] !== now[what])
    .map((what) => ({ what, planned: planned[what] ?? null, found: now[what] ?? null }));
  if (moved.length === 0) return;
  throw new ProtectionFlowsError('PLAN_MOVED', {
    message: `since the plan was made, this has moved: ${moved.map(({ what }) => what).join(', ')}`,
    remedy: `Plan anew, and look at it: ${database.subject.command} migrate --plan --out FILE`,
    details: { moved },
  });
}
