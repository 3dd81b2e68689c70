import { randomUUID } from 'node:crypto';
import { ProtectionFlowsError } from '../../errors';
import { readIncomingKeys, type IncomingKey } from '../schema/catalog/read-foreign-keys';
import { named } from '../schema/shape';
import { countRows, type Queryable } from '../server/queryable';
import { changeRows, type OrphanContext, type Owner } from './context';
import { ensureQuarantine, moveToQuarantine, type Cause } from './quarantine-table';
import {
  dependentsOf,
  forEachBatch,
  labelOf,
  readRowTable,
  rowsByKey,
  selectKeys,
  type Reference,
  type RowKey,
  type RowSelection,
  type RowTable,
} from './rows';

/** Deeper than the servers follow ON DELETE CASCADE (15): only a circle of references is that deep. */
const maxDepth = 50;
const untouched = 'Neither those rows nor the rows that depend on them were changed.';
const partlyMoved =
  'Those rows were not moved. Rows that depended on them may be in quarantine, from where restore-orphans brings them back.';

/** How often a batch is tried while other sessions add rows that depend on its rows. */
const maxAttempts = 20;
/** How often the limit of its transaction is doubled meanwhile. */
const maxDoublings = 6;

/** More rows depend on the rows of a batch than one transaction may move. */
class TooMany extends Error {}

/** A foreign key by which rows of a table depend on rows of another. */
interface Dependency {
  readonly key: string;
  /** The table with the dependent rows. */
  readonly table: RowTable;
  readonly reference: Reference;
  /** Why its rows can't move with their parents; null where they can: by a declared key with ON DELETE CASCADE. */
  readonly blocks: string | null;
}

/** A live or declared foreign key that refers to the parent. */
type KeyToParent = Omit<IncomingKey, 'parentTable'> & Pick<Dependency, 'blocks'>;

/** The declared keys that refer to the table. Their delete rule decides, even while the key does not exist yet. */
const declaredKeys = ({ declared }: Owner, parent: RowTable): KeyToParent[] =>
  [...declared.values()].flatMap(({ name: table, foreignKeys }) =>
    foreignKeys
      .filter(({ parentTable }) => parentTable === parent.name)
      .map(({ name, columns, parentColumns, onDelete }) => ({
        ...{ name, database: null, table },
        columns: columns.map((column, at) => [column, parentColumns[at] ?? ''] as const),
        blocks: onDelete === 'CASCADE' ? null : `ON DELETE ${onDelete}`,
      })),
  );

const startAndEnd = ({ database, table, columns }: KeyToParent): string =>
  JSON.stringify([database, table, columns]);

async function readDependenciesOf(session: Queryable, owner: Owner, parent: RowTable): Promise<Dependency[]> {
  const declared = declaredKeys(owner, parent);
  const known = declared.map(startAndEnd);
  const live = await readIncomingKeys(session, [parent.name]);
  const others = live
    .map((key): KeyToParent => ({ ...key, blocks: 'an undeclared key' }))
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
 * Reads every foreign key, of all databases, by which rows depend on a table's rows; for declared keys with ON DELETE
 * CASCADE, also the keys to those dependent rows, and so on. The map's keys are the labels of the tables referred to. Tables
 * that this account may not see are missing.
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

/** Numbers of quarantined rows. */
export interface Moved {
  orphans: number;
  /** Rows that depended on orphans, by the label of their table. */
  readonly cascaded: Record<string, number>;
}

/** Adds numbers to a sum. */
export function addMoved(sum: Moved, { orphans, cascaded }: Moved): void {
  sum.orphans += orphans;
  for (const [label, rows] of Object.entries(cascaded)) {
    sum.cascaded[label] = (sum.cascaded[label] ?? 0) + rows;
  }
}

/** Moves rows of one table to quarantine, with all rows that depend on them, in transactions of limited size. */
export class Quarantine {
  private readonly run = randomUUID();
  /** The quarantine of each table, by label. */
  private readonly quarantines = new Map<string, string>();

  constructor(
    private readonly context: OrphanContext,
    /** From {@link readDependencies}, for the table whose rows are moved. */
    private readonly dependencies: Awaited<ReturnType<typeof readDependencies>>,
    private readonly key: string,
    private readonly batchRows: number,
    /** Called after each transaction. */
    private readonly onMoved: (moved: Moved) => void,
  ) {}

  /**
   * Checks, before anything is changed, that all rows which depend on these rows can move with them.
   *
   * @throws ProtectionFlowsError STILL_REFERENCED
   */
  async assertMovable(table: RowTable, keys: readonly RowKey[], depth = 0): Promise<void> {
    const { session } = this.context;
    for (const dependency of this.dependenciesOf(table)) {
      const rows = dependentsOf(dependency, table, keys);
      if (dependency.blocks !== null) {
        const count = await countRows(session, rows.from, rows.where);
        if (count > 0) this.refuse(table, dependency, count, untouched);
      } else if (this.dependenciesOf(dependency.table).length > 0) {
        if (depth >= maxDepth) this.refuseCircle(table);
        await forEachBatch(session, rows, this.batchRows, (page) =>
          this.assertMovable(dependency.table, page, depth + 1),
        );
      }
    }
  }

  /** Creates the quarantines of the table and of the tables with dependent rows. */
  async createTables(table: RowTable): Promise<void> {
    if (this.quarantines.has(table.label)) return;
    this.quarantines.set(table.label, await ensureQuarantine(this.context, table));
    for (const { table: child, blocks } of this.dependenciesOf(table))
      if (blocks === null) await this.createTables(child);
  }

  /**
   * Moves those of the rows that still belong to the selection, after the rows that depend on them. Uses several
   * transactions where many rows depend on them.
   */
  async move(rows: RowSelection, keys: readonly RowKey[], depth = 0): Promise<void> {
    if (depth > maxDepth) this.refuseCircle(rows.table);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      // Under the lock no session adds rows. So a growing limit wins against a session that adds rows as fast as they move
      if (await this.moveInOne(rows, keys, this.batchRows * 2 ** Math.min(attempt, maxDoublings), depth))
        return;
      for (const dependency of this.dependenciesOf(rows.table))
        await this.moveDependents(dependentsOf(dependency, rows.table, keys), depth + 1);
    }
    throw new ProtectionFlowsError('TABLE_BUSY', {
      message: `other sessions add rows that depend on rows of ${rows.table.label} faster than they can be quarantined`,
      consequence: partlyMoved,
      remedy: 'Stop the programs that write those rows, and run the command again.',
      details: { table: rows.table.label, key: this.key },
    });
  }

  /** Moves as many dependent rows as there are now, so that it ends while other sessions add more. */
  private async moveDependents(dependents: RowSelection, depth: number): Promise<void> {
    const { session } = this.context;
    const pages = Math.ceil((await countRows(session, dependents.from, dependents.where)) / this.batchRows);
    for (let page = 0; page < pages; page += 1) {
      const keys = await selectKeys(session, dependents, { limit: this.batchRows });
      if (keys.length === 0) return;
      await this.move(dependents, keys, depth);
    }
  }

  /** Moves rows in one transaction, with at most `limit` dependent rows of each table; false where there are more. */
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
   * Within a transaction: locks the rows, selects those that are still to be moved, and moves their dependent rows first.
   * No session can add a row that depends on a locked one: the key's check waits for the lock. Where the key is declared but
   * missing, the lock on the gap in the child's index has the same effect.
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
    let toMove = await selectKeys(session, rows, { among: locked, lock: 'LOCK IN SHARE MODE' });
    if (toMove.length === 0) return;
    for (const dependency of this.dependenciesOf(table)) {
      const dependents = dependentsOf(dependency, table, toMove);
      if (dependency.blocks !== null) {
        const count = await countRows(session, dependents.from, `${dependents.where} LOCK IN SHARE MODE`);
        if (count > 0) this.refuse(table, dependency, count, partlyMoved);
        continue;
      }
      const page = await selectKeys(session, dependents, { limit: limit + 1, lock: 'LOCK IN SHARE MODE' });
      if (page.length > limit || (page.length > 0 && depth >= maxDepth)) throw new TooMany();
      if (page.length === 0) continue;
      await this.moveLocked(dependents, page, limit, depth + 1, tally);
      // In a table that refers to itself, some of these rows depended on others of them, and have been moved
      toMove = await selectKeys(session, rowsByKey(table, toMove), { lock: 'FOR UPDATE' });
    }
    const cause: Cause = { run: this.run, key: this.key, reason: depth === 0 ? 'orphan' : 'cascade' };
    await moveToQuarantine(session, table, this.quarantines.get(table.label) ?? '', toMove, cause);
    const count = toMove.length;
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
    const dependents =
      rows === 1 ? `1 row of ${child.label} depends` : `${rows} rows of ${child.label} depend`;
    throw new ProtectionFlowsError('STILL_REFERENCED', {
      message: `${dependents}, by ${key} (${blocks ?? ''}), on rows of ${table.label} that would be quarantined for ${this.key}`,
      consequence,
      remedy: `Give those rows of ${child.label} another parent, or delete them, and run the command again.`,
      details: { foreignKey: this.key, table: child.label, key, references: table.label, rows },
    });
  }

  private refuseCircle(table: RowTable): never {
    throw new ProtectionFlowsError('STILL_REFERENCED', {
      message: `rows of ${table.label} depend on each other in a circle, or more than ${maxDepth} deep, and on rows that would be quarantined for ${this.key}`,
      consequence: untouched,
      remedy: `Break the circle in ${table.label}, and run the command again: such rows could not be restored.`,
      details: { foreignKey: this.key, table: table.label },
    });
  }
}
