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

/** A plan that `migrate` carries out as it is or not at all; plain data, as `migrate --plan --out FILE` writes it. */
export interface KeptPlan extends MigratePlan {
  /** The form of this object. */
  readonly form: 1;
  /** What its migrate may do. */
  readonly options: WishOptions;
  /** Server, program, history, tables and numbers of orphans, as they were: texts and digests, by what they are of. */
  readonly grounds: Readonly<Record<string, string>>;
  /** How large each table was. */
  readonly sizes: Readonly<Record<string, TableSize>>;
  /** With the seconds that one scan of its table takes, as fast as this server read then. */
  readonly statements: readonly (PlannedStatement & { readonly seconds: number })[];
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** What a plan shows that it will do, so that one that somebody has edited is carried out by nobody. */
const deedsOf = ({ pending, breaking, statements, keys }: MigratePlan): KeptPlan['grounds'] => {
  const shown = statements.map(({ sql, copies }) => [sql, copies]);
  return { 'what is to be done': digest([pending, breaking, shown, keys]) };
};

/** Reads what a plan rests on. */
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

/** Completes a plan with what it rests on and what it will take: 100,000 rows at most show how fast the server reads. */
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
 * Compares what a plan rests on, and what it shows, with what there is.
 *
 * @param found what would be done now
 * @throws ProtectionFlowsError PLAN_MOVED, naming all that is otherwise
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
