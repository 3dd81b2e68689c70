import { isProtectionFlowsError, type ProtectionFlowsError } from '../../errors';
import { readCatalog } from '../schema/catalog/read-catalog';
import { keyState, type KeyState } from '../steps/key-state';
import type { OrphanChoice, Owner } from '../orphans/context';
import { findOrphans, type Orphans } from '../orphans/find-orphans';
import { findQuarantines } from '../orphans/quarantine-table';
import type { Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import type { Words } from '../server/names';
import { declaredBy } from '../steps/step';
import { named, withTable, type ForeignKey, type Schema } from '../schema/shape';
import { readTableSize, type TableSize } from '../steps/alter-table';
import { showsColumns } from './access/grants';
import { readAccess, type Access } from './access/read-access';
import type { SubjectQuestion } from '../subject/parts';
import { planSteps, type KnownMigration, type StepPlan } from './plan';
import { raiseQuestions, type RaisedQuestion } from './raised-questions';
import { readTakenNames, type TakenName, type WantedName } from './taken-names';

export type { KnownMigration };

/** The history's table, and what it records. */
export interface HistoryFact {
  readonly name: string;
  readonly exists: boolean;
  /** False where this user may not read it: then every migration counts as pending, and no key's state is known. */
  readonly isReadable: boolean;
  /** Names that it records, oldest first; none where it can't be read. */
  readonly names: readonly string[];
  /** The number of each row, which gives their order. */
  readonly ids: ReadonlyMap<string, number>;
  /** False where its table is of TypeORM's own form, or an older release's, and so is changed. */
  readonly isComplete: boolean;
  /** Names of those whose rollback died half-way; they count as pending. */
  readonly reverting: readonly string[];
}

/** The table of the migration lock's lease. */
export interface LockFact {
  readonly name: string;
  /** True in a cluster; on a single server a migrate does without. */
  readonly isNeeded: boolean;
  /** Known where it is needed. */
  readonly exists: boolean;
  /** Why the server gives no connection besides the session's, on which the lease is renewed; null where it gives one. */
  readonly refusal: ProtectionFlowsError | null;
}

/** A declared key with where it stands, and its orphans where they can be counted. */
export interface KeyFact {
  readonly table: string;
  readonly key: ForeignKey;
  /** True where the migration that adds it is applied: the key is late, or was lost. */
  readonly late: boolean;
  /** Where it stands once the pending migrations have made its table; `unreadable` for lack of privileges. */
  readonly state: KeyState | { readonly status: 'unreadable' };
  /** Null where there is nothing to scan, or no need: a present key of an applied migration. */
  readonly orphans: Orphans | null;
}

/** What the caller allows. */
export interface Wishes {
  /** What to do about orphans. */
  readonly orphans: OrphanChoice;
  /** Up to how many rows a table may be copied while its writers wait. */
  readonly copyLimitRows: number;
}

/** Everything the rules look at, read once. */
export interface Facts {
  readonly server: Server;
  /** How remedies name the subject's package and command. */
  readonly words: Words & Pick<Owner, 'tablePrefix'>;
  /** The command that is about to carry the plan out: how a remedy names it. */
  readonly planOf: 'migrate' | 'adopt --repair';
  readonly historyTable: HistoryFact;
  readonly lockTable: LockFact;
  /** Names that the history records, oldest first. */
  readonly history: readonly string[];
  /** All migrations of this code, oldest first. */
  readonly known: readonly KnownMigration[];
  readonly pending: readonly KnownMigration[];
  /** The live tables: ours and the parents of our keys. */
  readonly live: Schema;
  readonly plan: StepPlan;
  readonly keys: readonly KeyFact[];
  /** Null where nothing is to be done, and nothing is hidden: then nobody needs to know. */
  readonly access: Access | null;
  /** Tables of which the user may see that they are there, at most: they are not in `live`. */
  readonly hidden: ReadonlySet<string>;
  readonly takenNames: readonly TakenName[];
  readonly wishes: Wishes;
  /** The quarantines that are there, by the table whose rows they keep; looked for where orphans go to quarantine. */
  readonly quarantines: ReadonlyMap<string, readonly string[]>;
  /** The size of each table that the plan copies. */
  readonly sizes: ReadonlyMap<string, TableSize>;
  /** The subject's questions that rows of tables made by hand raise. */
  readonly raised: readonly RaisedQuestion[];
}

/** The tables after the plan, but with the foreign keys that are there now. */
function withLiveKeys(after: Schema, live: Schema): Schema {
  return [...after.keys()].reduce(
    (all, name) =>
      withTable(all, name, (table) => ({ ...table, foreignKeys: live.get(name)?.foreignKeys ?? [] })),
    after,
  );
}

/** What is known of the subject before its tables are looked at. */
export type OwnFacts = Pick<Facts, 'words' | 'planOf' | 'historyTable' | 'lockTable'>;

type Base = OwnFacts & Pick<Facts, 'server' | 'known' | 'pending' | 'history'>;

const keysOf = (migrations: readonly KnownMigration[]) =>
  migrations.flatMap(({ steps }) => steps.flatMap(({ foreignKey }) => (foreignKey ? [foreignKey] : [])));

/** Where each key stands; those between tables that the user may not read are left open. Pure. */
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

/** True for a statement that the server denied: the privileges' rule says what is missing. */
const isDenied = (error: unknown): boolean => isProtectionFlowsError(error, 'PRIVILEGE_MISSING');

function noneWhereDenied(error: unknown): [] {
  if (isDenied(error)) return [];
  throw error;
}

async function withOrphans(
  session: Queryable,
  live: Schema,
  facts: readonly KeyFact[],
  access: Access | null,
): Promise<KeyFact[]> {
  const counted: KeyFact[] = [];
  for (const fact of facts) {
    const { table, key, late, state } = fact;
    const child = live.get(table);
    const parent = live.get(key.parentTable);
    const toScan = state.status === 'to-add' || (state.status === 'present' && !late);
    const mayScan =
      !access?.holds ||
      (access.holds('SELECT', table) && access.holds('SELECT', key.parentTable, key.parentColumns[0]));
    if (!toScan || !mayScan || !parent || !child || !named(child.columns, key.columns[0])) {
      counted.push(fact);
      continue;
    }
    const orphans = await findOrphans(session, child, key, live).catch((error: unknown) => {
      if (isDenied(error)) return null;
      throw error;
    });
    counted.push({ ...fact, orphans });
  }
  return counted;
}

/** Reads the tables one by one where the user may not read them all at once; null for those it may not read. */
async function readLive(
  session: Queryable,
  server: Server,
  tables: readonly string[],
): Promise<{ live: Schema; denied: ReadonlySet<string> }> {
  try {
    return { live: await readCatalog(session, server, tables), denied: new Set() };
  } catch (error) {
    if (!isDenied(error) || tables.length < 2) {
      if (isDenied(error)) return { live: new Map(), denied: new Set(tables) };
      throw error;
    }
  }
  const parts = [];
  for (const table of tables) parts.push(await readLive(session, server, [table]));
  return {
    live: new Map(parts.flatMap((part) => [...part.live])),
    denied: new Set(parts.flatMap((part) => [...part.denied])),
  };
}

/** The tables that the catalog does not, or not wholly, show to that user. */
function hiddenTables(base: Base, live: Schema, denied: ReadonlySet<string>, access: Access): Set<string> {
  const hidden = new Set(denied);
  const { holds } = access;
  const own = declaredBy(base.known.flatMap(({ steps }) => [...steps]));
  const applied = base.known.filter((migration) => !base.pending.includes(migration));
  const made = declaredBy(applied.flatMap(({ steps }) => [...steps]));
  for (const [name, table] of live) {
    const column = keysOf(base.known).find(({ key }) => key.parentTable === name)?.key.parentColumns[0];
    const isShown = holds === null || showsColumns(holds, name, own.has(name) ? undefined : column);
    // Whether a table of ours is as it should be, only the history can tell
    const isKnown = base.historyTable.isReadable || !own.has(name);
    if (!isShown || !isKnown || table.columns.length === 0) hidden.add(name);
  }
  // The history says that it was made, and nothing would show it to this user
  for (const name of made.keys()) {
    if (!live.has(name) && holds !== null && !showsColumns(holds, name)) hidden.add(name);
  }
  return hidden;
}

function wantedNames({ pending, keys, plan, live }: Pick<Facts, 'pending' | 'keys' | 'plan' | 'live'>) {
  const names: WantedName[] = keys
    .filter(({ state }) => state.status === 'to-add')
    .map(({ table, key }) => ({ name: key.name, table, kind: 'foreign-key' }));
  const created = pending.flatMap(({ steps }) => steps.flatMap(({ creates }) => creates ?? []));
  for (const table of created.filter((name) => !live.has(name))) {
    for (const check of plan.after.get(table)?.checks ?? [])
      names.push({ name: check.name, table, kind: 'check' });
  }
  return names;
}

/** The sizes of the tables that are there and that the plan copies. */
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

/** The quarantines of the tables, where some key's orphans are to go to quarantine. */
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

/** Reads what the rules look at; a user who may not read it all gets as much as the server tells. Changes nothing. */
export async function readFacts(
  session: Queryable,
  server: Server,
  known: readonly KnownMigration[],
  own: OwnFacts,
  wishes: Wishes,
  questions: readonly SubjectQuestion[] = [],
): Promise<Facts> {
  const { historyTable } = own;
  const history = historyTable.names;
  const tables = new Set(known.flatMap((migration) => migration.steps.flatMap((step) => [...step.tables])));
  const { live: seen, denied } = await readLive(session, server, [...tables]);
  const applied = known.filter((migration) => history.includes(migration.name));
  const pending = known.filter((migration) => !applied.includes(migration));
  const base: Base = { ...own, server, known, pending, history };

  const first = planSteps(seen, base, applied);
  const isDone = pending.length === 0 && first.statements.length === 0 && first.refusals.length === 0;
  const isWhole = [...declaredBy(applied.flatMap(({ steps }) => [...steps])).keys()].every(
    (name) => (seen.get(name)?.columns.length ?? 0) > 0,
  );
  const access =
    isDone && isWhole && denied.size === 0 && historyTable.reverting.length === 0
      ? null
      : await readAccess(session, server);

  const hidden = access === null ? new Set<string>() : hiddenTables(base, seen, denied, access);
  const live = new Map([...seen].filter(([name]) => !hidden.has(name)));
  const plan = hidden.size === 0 ? first : planSteps(live, base, applied);
  const keys = await withOrphans(session, live, keyFacts(base, live, plan.after, hidden), access);
  const wanted = wantedNames({ pending, keys, plan, live });
  return {
    ...base,
    live,
    plan,
    keys,
    access,
    hidden,
    takenNames: await readTakenNames(session, server, wanted).catch(noneWhereDenied),
    wishes,
    quarantines: await readQuarantines(session, base, plan.after, keys, wishes),
    sizes: new Map(await readSizes(session, live, plan, wishes).catch(noneWhereDenied)),
    raised: await raiseQuestions(session, { known, live }, historyTable, questions),
  };
}
