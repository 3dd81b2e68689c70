import { ProtectionFlowsError } from '../../errors';
import { readIncomingKeys, type IncomingKey } from '../schema/catalog/read-foreign-keys';
import { named } from '../schema/shape';
import { countRows, type Queryable } from '../server/queryable';
import { changeRows, type OrphanContext, type Owner } from './context';
import { ensureQuarantine, moveToQuarantine, newRun, type Cause } from './quarantine-table';
import {
  dependentsOf,
  labelOf,
  readRowTable,
  rowsByKey,
  selectKeys,
  type Reference,
  type RowKey,
  type RowSelection,
  type RowTable,
} from './rows';

/** Deeper than the servers themselves follow ON DELETE CASCADE (15): only a circle gets there. */
const maxDepth = 50;
const untouched = 'Neither those rows nor what hangs on them were touched.';
const partlyMoved =
  'Those rows stay; what hung on them so far may be in quarantine, from where restore-orphans brings it back.';

/** How often a batch is tried while others hang new rows on its rows. */
const maxAttempts = 20;
/** How often the bound of its transaction is doubled then. */
const maxDoublings = 6;

/** More hangs on the rows of a batch than one transaction takes. */
class TooMany extends Error {}

/** A foreign key by which rows of a table hang on those of another. */
interface Dependency {
  readonly key: string;
  /** The table whose rows hang. */
  readonly table: RowTable;
  readonly reference: Reference;
  /** Why its rows do not go with those they hang on; null where they do: by a declared key with ON DELETE CASCADE. */
  readonly blocks: string | null;
}

/** A foreign key that ends at the parent, live or declared. */
type Hanging = Omit<IncomingKey, 'parentTable'> & Pick<Dependency, 'blocks'>;

/** The declared keys that end at the table: what hangs by them goes by their rule, be they there or not. */
const declaredKeys = ({ declared }: Owner, parent: RowTable): Hanging[] =>
  [...declared.values()].flatMap(({ name: table, foreignKeys }) =>
    foreignKeys
      .filter(({ parentTable }) => parentTable === parent.name)
      .map(({ name, columns, parentColumns, onDelete }) => ({
        ...{ name, database: null, table },
        columns: columns.map((column, at) => [column, parentColumns[at] ?? ''] as const),
        blocks: onDelete === 'CASCADE' ? null : `ON DELETE ${onDelete}`,
      })),
  );

const startAndEnd = ({ database, table, columns }: Hanging): string =>
  JSON.stringify([database, table, columns]);

async function readDependenciesOf(session: Queryable, owner: Owner, parent: RowTable): Promise<Dependency[]> {
  const declared = declaredKeys(owner, parent);
  const known = declared.map(startAndEnd);
  const live = await readIncomingKeys(session, [parent.name]);
  const others = live
    .map((key): Hanging => ({ ...key, blocks: 'a key of others' }))
    .filter((key) => !known.includes(startAndEnd(key)));
  const found: Dependency[] = [];
  for (const { name: key, database, table: name, columns, blocks } of [...declared, ...others]) {
    const at = { database, name };
    const table = labelOf(at) === parent.label ? parent : await readRowTable(session, parent.flavour, at);
    if (table === null) continue;
    const reference = columns.flatMap(([child, column]) => {
      const [from, to] = [named(table.columns, child), named(parent.columns, column)];
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    });
    const noKey = table.primaryKey.length === 0 ? `${table.label} has no primary key` : null;
    if (reference.length > 0) found.push({ key, table, reference, blocks: blocks ?? noKey });
  }
  return found;
}

/**
 * Reads every foreign key, of all databases, by which rows hang on a table's rows, on theirs in turn, and so on along
 * the declared keys; by the label of the table that they end at. What this account may not see is not found.
 */
export async function readDependencies(
  session: Queryable,
  owner: Owner,
  table: RowTable,
): Promise<ReadonlyMap<string, readonly Dependency[]>> {
  const found = new Map<string, Dependency[]>();
  const ahead = [table];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (found.has(next.label)) continue;
    const dependencies = await readDependenciesOf(session, owner, next);
    found.set(next.label, dependencies);
    ahead.push(...dependencies.filter(({ blocks }) => blocks === null).map((one) => one.table));
  }
  return found;
}

/** Rows set aside. */
export interface Moved {
  orphans: number;
  /** What hung on them, by the label of its table. */
  readonly cascaded: Record<string, number>;
}

/** Adds up what was set aside. */
export function addMoved(sum: Moved, { orphans, cascaded }: Moved): void {
  sum.orphans += orphans;
  for (const [label, rows] of Object.entries(cascaded)) {
    sum.cascaded[label] = (sum.cascaded[label] ?? 0) + rows;
  }
}

/** Sets rows of one table aside with everything that hangs on them, in transactions of bounded size. */
export class Quarantine {
  private readonly run = newRun();
  /** The quarantine of each table, by label. */
  private readonly quarantines = new Map<string, string>();

  constructor(
    private readonly context: OrphanContext,
    /** Of every table that is reached from the one whose rows go. */
    private readonly dependencies: Awaited<ReturnType<typeof readDependencies>>,
    private readonly key: string,
    private readonly batchRows: number,
    /** Told after each transaction. */
    private readonly onMoved: (moved: Moved) => void,
  ) {}

  /**
   * Looks, before anything is changed, whether rows may go: whatever hangs on them, and on that, has to go with them.
   *
   * @throws ProtectionFlowsError STILL_REFERENCED
   */
  async assertMayGo(table: RowTable, keys: readonly RowKey[], depth = 0): Promise<void> {
    const { session } = this.context;
    for (const dependency of this.dependenciesOf(table)) {
      const rows = dependentsOf(dependency.table, dependency.reference, table, keys);
      if (dependency.blocks !== null) {
        const count = await countRows(session, rows.from, rows.where);
        if (count > 0) this.refuse(table, dependency, count, untouched);
      } else if (this.dependenciesOf(dependency.table).length > 0) {
        if (depth >= maxDepth) this.refuseCircle(table);
        let after: RowKey | null = null;
        do {
          const page: RowKey[] = await selectKeys(session, rows, { limit: this.batchRows, after });
          if (page.length > 0) await this.assertMayGo(dependency.table, page, depth + 1);
          after = page.at(-1) ?? null;
        } while (after !== null);
      }
    }
  }

  /** Creates the tables that the rows and what hangs on them go to. */
  async createTables(table: RowTable): Promise<void> {
    if (this.quarantines.has(table.label)) return;
    this.quarantines.set(table.label, await ensureQuarantine(this.context, table));
    for (const { table: child, blocks } of this.dependenciesOf(table))
      if (blocks === null) await this.createTables(child);
  }

  /**
   * Sets those of the rows aside that still belong to the selection, and what hangs on them before them; in more than
   * one transaction where that is much.
   */
  async move(rows: RowSelection, keys: readonly RowKey[], depth = 0): Promise<void> {
    if (depth > maxDepth) this.refuseCircle(rows.table);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      // Under the lock nobody adds rows: a growing limit gets ahead of whoever adds them as fast as they are moved
      if (await this.moveInOne(rows, keys, this.batchRows * 2 ** Math.min(attempt, maxDoublings), depth))
        return;
      for (const dependency of this.dependenciesOf(rows.table)) {
        await this.moveHanging(
          dependentsOf(dependency.table, dependency.reference, rows.table, keys),
          depth + 1,
        );
      }
    }
    throw new ProtectionFlowsError('TABLE_BUSY', {
      message: `others add rows that hang on rows of ${rows.table.label} faster than they can be quarantined`,
      consequence: partlyMoved,
      remedy: 'Stop what writes those rows, and run the command again.',
      details: { table: rows.table.label, key: this.key },
    });
  }

  /** Sets aside as many rows as there are now: more may come meanwhile. */
  private async moveHanging(hanging: RowSelection, depth: number): Promise<void> {
    const { session } = this.context;
    const pages = Math.ceil((await countRows(session, hanging.from, hanging.where)) / this.batchRows);
    for (let page = 0; page < pages; page += 1) {
      const keys = await selectKeys(session, hanging, { limit: this.batchRows });
      if (keys.length === 0) return;
      await this.move(hanging, keys, depth);
    }
  }

  /** Sets rows aside in one transaction, with at most `limit` of each table that hang on them; false where more do. */
  private async moveInOne(
    rows: RowSelection,
    keys: readonly RowKey[],
    limit: number,
    depth: number,
  ): Promise<boolean> {
    try {
      const what = `quarantine rows of ${rows.table.label}`;
      const moved = await changeRows(this.context, what, async () => {
        const tally: Moved = { orphans: 0, cascaded: {} };
        await this.moveLocked(rows, keys, limit, depth, tally);
        return tally;
      });
      this.onMoved(moved);
      return true;
    } catch (error) {
      if (error instanceof TooMany) return false;
      throw error;
    }
  }

  /**
   * Within a transaction: locks the rows, sees which of them are still to go, and looks for what hangs on them now.
   * Nobody can hang more on a locked row: the key's own check waits for it. Where the key is merely declared, the lock
   * on the gap in the child's index does as much.
   */
  private async moveLocked(
    rows: RowSelection,
    keys: readonly RowKey[],
    limit: number,
    depth: number,
    tally: Moved,
  ): Promise<void> {
    const { session } = this.context;
    const { table } = rows;
    const locked = await selectKeys(session, rowsByKey(table, keys), { lock: 'FOR UPDATE' });
    if (locked.length === 0) return;
    let going = await selectKeys(session, rows, { among: locked, lock: 'LOCK IN SHARE MODE' });
    if (going.length === 0) return;
    for (const dependency of this.dependenciesOf(table)) {
      const hanging = dependentsOf(dependency.table, dependency.reference, table, going);
      if (dependency.blocks !== null) {
        const count = await countRows(session, hanging.from, `${hanging.where} LOCK IN SHARE MODE`);
        if (count > 0) this.refuse(table, dependency, count, partlyMoved);
        continue;
      }
      const page = await selectKeys(session, hanging, { limit: limit + 1, lock: 'LOCK IN SHARE MODE' });
      if (page.length > limit || (page.length > 0 && depth >= maxDepth)) throw new TooMany();
      if (page.length === 0) continue;
      await this.moveLocked(hanging, page, limit, depth + 1, tally);
      // Where a table hangs on itself, some of these rows may have gone already, as they hang on others of them
      going = await selectKeys(session, rowsByKey(table, going), { lock: 'FOR UPDATE' });
    }
    const cause: Cause = { run: this.run, key: this.key, reason: depth === 0 ? 'orphan' : 'cascade' };
    await moveToQuarantine(session, table, this.quarantines.get(table.label) ?? '', going, cause);
    const count = going.length;
    addMoved(
      tally,
      depth === 0 ? { orphans: count, cascaded: {} } : { orphans: 0, cascaded: { [table.label]: count } },
    );
  }

  private dependenciesOf(table: RowTable): readonly Dependency[] {
    return this.dependencies.get(table.label) ?? [];
  }

  private refuse(
    table: RowTable,
    { key, table: child, blocks }: Dependency,
    rows: number,
    consequence: string,
  ): never {
    const many = `${rows} row${rows === 1 ? '' : 's'}`;
    throw new ProtectionFlowsError('STILL_REFERENCED', {
      message: `${many} of ${child.label} hang on rows of ${table.label} that ${this.key} would have quarantined, by ${key} (${blocks ?? ''})`,
      consequence,
      remedy: `Give those rows of ${child.label} another parent, or remove them, and run the command again.`,
      details: { foreignKey: this.key, table: child.label, key, references: table.label, rows },
    });
  }

  private refuseCircle(table: RowTable): never {
    throw new ProtectionFlowsError('STILL_REFERENCED', {
      message: `rows of ${table.label} hang on each other in a circle, or more than ${maxDepth} deep, and on rows that ${this.key} would have quarantined`,
      consequence: untouched,
      remedy: `Break the circle in ${table.label}, and run the command again: such rows could not be put back.`,
      details: { foreignKey: this.key, table: table.label },
    });
  }
}
