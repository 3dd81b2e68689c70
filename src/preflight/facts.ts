import { readCatalog } from '../schema/catalog/read-catalog';
import { keyState, type KeyState } from '../schema/key-state';
import { findOrphans, type Orphans } from '../schema/orphans';
import type { Queryable } from '../schema/queryable';
import type { Server } from '../schema/server';
import { named, withTable, type ForeignKey, type Schema } from '../schema/shape';
import type { Step } from '../schema/step';
import { planSteps, type StepPlan } from './plan';

/** A migration as preflight needs it. */
export interface KnownMigration {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** A declared key with where it stands, and its orphans where they can be counted. */
export interface KeyFact {
  readonly table: string;
  readonly key: ForeignKey;
  /** True where the migration that adds it is applied: the key is late, or was lost. */
  readonly late: boolean;
  /** Where it stands once the pending migrations have made its table. */
  readonly state: KeyState;
  /** Null where there is nothing to scan, or no need: a present key of an applied migration. */
  readonly orphans: Orphans | null;
}

/** Everything the rules look at, read once. */
export interface Facts {
  readonly server: Server;
  /** Names that the history records, oldest first. */
  readonly history: readonly string[];
  /** All migrations of this code, oldest first. */
  readonly known: readonly KnownMigration[];
  readonly pending: readonly KnownMigration[];
  /** The live tables: ours and the parents of our keys. */
  readonly live: Schema;
  readonly plan: StepPlan;
  readonly keys: readonly KeyFact[];
}

/** The tables after the plan, but with the foreign keys that are there now. */
function withLiveKeys(after: Schema, live: Schema): Schema {
  return [...after.keys()].reduce(
    (all, name) =>
      withTable(all, name, (table) => ({ ...table, foreignKeys: live.get(name)?.foreignKeys ?? [] })),
    after,
  );
}

/**
 * Reads what the rules look at: the catalog, and the orphans of every key that is yet to be added or verified.
 *
 * @param history the names that the history records
 */
export async function readFacts(
  session: Queryable,
  server: Server,
  known: readonly KnownMigration[],
  history: readonly string[],
): Promise<Facts> {
  const tables = new Set(known.flatMap((migration) => migration.steps.flatMap((step) => [...step.tables])));
  const live = await readCatalog(session, server, [...tables]);
  const pending = known.filter((migration) => !history.includes(migration.name));
  const applied = known.filter((migration) => history.includes(migration.name));
  const plan = planSteps(live, server, pending, applied);
  const future = withLiveKeys(plan.after, live);
  const keys: KeyFact[] = [];
  for (const migration of known) {
    for (const { foreignKey } of migration.steps) {
      if (foreignKey === undefined) continue;
      const { table, key } = foreignKey;
      const late = applied.includes(migration);
      const state = keyState(table, key, future);
      const child = live.get(table);
      const scannable =
        child !== undefined &&
        live.has(key.parentTable) &&
        named(child.columns, key.columns[0] ?? '') !== undefined;
      const toScan = state.status === 'to-add' || (state.status === 'present' && !late);
      const orphans = scannable && toScan ? await findOrphans(session, child, key, live) : null;
      keys.push({ table, key, late, state, orphans });
    }
  }
  return { server, history, known, pending, live, plan, keys };
}
