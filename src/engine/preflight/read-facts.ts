import { isProtectionFlowsError, whereDenied } from '../../errors';
import { findOrphans, type Orphans } from '../orphans/find-orphans';
import { findQuarantines } from '../orphans/quarantine-table';
import { isText } from '../schema/column-type';
import { readCatalog } from '../schema/catalog/read-catalog';
import { named, type Schema } from '../schema/shape';
import type { Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import { readTableSize, type TableSize } from '../steps/alter-table';
import { keyState } from '../steps/key-state';
import { stepsOf, declaredBy, planOf, type Step } from '../steps/step';
import type { RaisedQuestion, SubjectQuestion } from '../subject/parts';
import { showsColumns } from './access/grants';
import { readAccess, type Access } from './access/read-access';
import type { Facts, KeyFact, KnownMigration, OwnFacts, StepPlan, Wishes } from './facts';
import { readTakenNames, type WantedName } from './taken-names';

/** The tables after the plan, with the foreign keys that exist now. */
const withLiveKeys = (after: Schema, live: Schema): Schema =>
  new Map(
    [...after].map(([name, table]) => [name, { ...table, foreignKeys: live.get(name)?.foreignKeys ?? [] }]),
  );

type Base = OwnFacts & Pick<Facts, 'server' | 'known' | 'pending' | 'applied'>;

const keysOf = (migrations: readonly KnownMigration[]) =>
  stepsOf(migrations).flatMap(({ foreignKey }) => foreignKey ?? []);

/** Gives columns without a declared charset that of their table, as the server will. */
const settle = (schema: Schema): Schema =>
  new Map(
    [...schema].map(([name, table]) => {
      const { charset, collation } = table;
      const columns = table.columns.map((column) =>
        column.charset === null && isText(column.type) ? { ...column, charset, collation } : column,
      );
      return [name, { ...table, columns }];
    }),
  );

/**
 * Plans the pending migrations, then the missing keys of applied ones. Each step plans its statements for the state that the
 * steps before it leave. Pure; executes nothing.
 */
function planSteps(live: Schema, { server, words, pending, applied, historyTable }: Base): StepPlan {
  const statements: StepPlan['statements'][number][] = [];
  const refusals: StepPlan['refusals'][number][] = [];
  let state = live;

  function plan(step: Step, migration: string | null): void {
    try {
      const isReverting = migration !== null && historyTable.reverting.includes(migration);
      const planned = planOf(step, isReverting)(state, server, words);
      if (planned.length === 0) return;
      statements.push(...planned.map((statement) => ({ ...statement, migration, step })));
      state = settle(step.declare(state));
    } catch (error) {
      if (!isProtectionFlowsError(error)) throw error;
      refusals.push({ step, error });
    }
  }

  for (const migration of pending) for (const step of migration.steps) plan(step, migration.name);
  for (const step of stepsOf(applied)) if (step.foreignKey) plan(step, null);
  return { statements, refusals, after: state };
}

/** The state of each key; `unreadable` where the user may not read its tables. Pure. */
function keyFacts(base: Base, live: Schema, after: Schema, hidden: ReadonlySet<string>): KeyFact[] {
  const future = withLiveKeys(after, live);
  const pendingKeys = new Set(keysOf(base.pending));
  return keysOf(base.known).map((declared) => {
    const { table, key } = declared;
    const unreadable =
      !base.historyTable.isReadable ||
      hidden.has(key.parentTable) ||
      (hidden.has(table) && !future.has(table));
    const state = unreadable ? ({ status: 'unreadable' } as const) : keyState(table, key, future);
    return { table, key, late: !pendingKeys.has(declared), state, orphans: null };
  });
}

/** Counts the orphans of a key that is to be added or checked; null where this user may not count them. */
async function orphansOf(
  session: Queryable,
  live: Schema,
  { table, key, late, state }: KeyFact,
  access: Access | null,
): Promise<Orphans | null> {
  const [child, parent] = [live.get(table), live.get(key.parentTable)];
  const isToScan = state.status === 'to-add' || (state.status === 'present' && !late);
  const holds = access?.holds ?? (() => true);
  const mayScan = holds('SELECT', table) && holds('SELECT', key.parentTable, key.parentColumns[0]);
  if (!isToScan || !mayScan || !parent || !child || !named(child.columns, key.columns[0])) return null;
  return findOrphans(session, child, key, live).catch(whereDenied(null));
}

/** Reads the tables one by one where the user may not read them all at once. */
async function readLive(
  session: Queryable,
  server: Server,
  tables: readonly string[],
): Promise<{ live: Schema; denied: ReadonlySet<string> }> {
  const all = await readCatalog(session, server, tables).catch(whereDenied(null));
  if (all !== null) return { live: all, denied: new Set() };
  if (tables.length < 2) return { live: new Map(), denied: new Set(tables) };
  const parts = [];
  for (const table of tables) parts.push(await readLive(session, server, [table]));
  return {
    live: new Map(parts.flatMap((part) => [...part.live])),
    denied: new Set(parts.flatMap((part) => [...part.denied])),
  };
}

/** The tables that the catalog hides from the user, wholly or in part. */
function hiddenTables(base: Base, live: Schema, denied: ReadonlySet<string>, access: Access): Set<string> {
  const hidden = new Set(denied);
  const { holds } = access;
  const own = declaredBy(stepsOf(base.known));
  for (const [name, table] of live) {
    const column = keysOf(base.known).find(({ key }) => key.parentTable === name)?.key.parentColumns[0];
    const isShown = holds === null || showsColumns(holds, name, own.has(name) ? undefined : column);
    // Without the history, the expected shape of our own table is unknown
    const isKnown = base.historyTable.isReadable || !own.has(name);
    if (!isShown || !isKnown || table.columns.length === 0) hidden.add(name);
  }
  // Tables that the history records, but that the catalog would not show to this user
  for (const name of declaredBy(stepsOf(base.applied)).keys())
    if (!live.has(name) && holds !== null && !showsColumns(holds, name)) hidden.add(name);
  return hidden;
}

function wantedNames({ pending, keys, plan, live }: Pick<Facts, 'pending' | 'keys' | 'plan' | 'live'>) {
  const names: WantedName[] = keys
    .filter(({ state }) => state.status === 'to-add')
    .map(({ table, key }) => ({ name: key.name, table, kind: 'foreign-key' }));
  const created = stepsOf(pending).flatMap(({ creates }) => creates ?? []);
  for (const table of created.filter((name) => !live.has(name))) {
    for (const check of plan.after.get(table)?.checks ?? [])
      names.push({ name: check.name, table, kind: 'check' });
  }
  return names;
}

/** Reads the sizes of the existing tables that the plan copies. */
async function readSizes(
  session: Queryable,
  live: Schema,
  plan: StepPlan,
  { copyLimitRows }: Wishes,
): Promise<Map<string, TableSize>> {
  const tables = new Set(
    plan.statements.filter(({ copies }) => copies).map(({ step }) => step.tables[0] ?? ''),
  );
  const sizes = new Map<string, TableSize>();
  for (const table of tables) {
    if (live.has(table)) sizes.set(table, await readTableSize(session, table, copyLimitRows));
  }
  return sizes;
}

/** Finds the tables' quarantines, where orphans are to be quarantined. */
async function readQuarantines(
  session: Queryable,
  { words }: Base,
  declared: Schema,
  keys: readonly KeyFact[],
  { orphans }: Wishes,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const isNeeded = orphans === 'quarantine' && keys.some((fact) => (fact.orphans?.rows ?? 0) > 0);
  return isNeeded
    ? findQuarantines(session, { tablePrefix: words.tablePrefix, declared, words })
    : new Map<string, string[]>();
}

/** Asks the subject's questions about hand-made tables: those that exist while no migration is recorded. */
async function raiseQuestions(
  session: Queryable,
  live: Schema,
  { known, historyTable: { isReadable, names, reverting } }: Base,
  questions: readonly SubjectQuestion[],
): Promise<RaisedQuestion[]> {
  if (!isReadable || names.length > 0 || reverting.length > 0) return [];
  const declared = declaredBy(stepsOf(known));
  const raised: RaisedQuestion[] = [];
  for (const question of questions) {
    const rows = await question.find({ session, declared, live }).catch(whereDenied([]));
    if (rows.length > 0) raised.push({ question, rows });
  }
  return raised;
}

/** Reads the facts for the rules, as far as the user may read them. Changes nothing. */
export async function readFacts(
  session: Queryable,
  server: Server,
  known: readonly KnownMigration[],
  own: OwnFacts,
  wishes: Wishes,
  questions: readonly SubjectQuestion[] = [],
): Promise<Facts> {
  const { historyTable } = own;
  const tables = new Set(stepsOf(known).flatMap((step) => [...step.tables]));
  const { live: seen, denied } = await readLive(session, server, [...tables]);
  const applied = known.filter(({ name }) => historyTable.names.includes(name));
  const pending = known.filter((migration) => !applied.includes(migration));
  const base: Base = { ...own, server, known, pending, applied };

  const first = planSteps(seen, base);
  const isDone = pending.length === 0 && first.statements.length === 0 && first.refusals.length === 0;
  const isWhole = [...declaredBy(stepsOf(applied)).keys()].every(
    (name) => (seen.get(name)?.columns.length ?? 0) > 0,
  );
  const access =
    isDone && isWhole && denied.size === 0 && historyTable.reverting.length === 0
      ? null
      : await readAccess(session, server);

  const hidden = access === null ? new Set<string>() : hiddenTables(base, seen, denied, access);
  const live = new Map([...seen].filter(([name]) => !hidden.has(name)));
  const plan = hidden.size === 0 ? first : planSteps(live, base);
  const keys: KeyFact[] = [];
  for (const fact of keyFacts(base, live, plan.after, hidden))
    keys.push({ ...fact, orphans: await orphansOf(session, live, fact, access) });
  const wanted = wantedNames({ pending, keys, plan, live });
  return {
    ...base,
    live,
    plan,
    keys,
    access,
    hidden,
    takenNames: await readTakenNames(session, server, wanted).catch(whereDenied([])),
    wishes,
    quarantines: await readQuarantines(session, base, plan.after, keys, wishes),
    sizes: await readSizes(session, live, plan, wishes).catch(whereDenied(new Map<string, TableSize>())),
    raised: await raiseQuestions(session, live, base, questions),
  };
}
