import { ProtectionFlowsError } from '../../errors';
import type { StepContext } from '../steps/step';
import type { Dependencies, Dependency } from './dependencies';
import { moveToQuarantine, type Cause } from './quarantine-table';
import {
  countRows,
  dependentsOf,
  keyText,
  rowsByKey,
  selectKeys,
  type RowKey,
  type RowSelection,
} from './row-selection';
import type { RowTable } from './row-table';
import { errnoOf, inRowTransaction } from '../server/row-transaction';

/** Deeper than the servers themselves follow ON DELETE CASCADE (15): only a circle gets there. */
const maxDepth = 50;
const untouched = 'Neither those rows nor what hangs on them were touched.';
const partlyMoved =
  'Those rows stay; what hung on them so far may be in quarantine, from where restore-orphans brings it back.';

/** How often a row is tried that others hang new rows on all the while. */
const maxAttempts = 20;
/** How often the bound of its transaction is doubled then. */
const maxDoublings = 6;

/** A batch grew beyond its bounds: more hangs on its rows than one transaction takes. */
class TooMany extends Error {}

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

/** Sets rows aside with everything that hangs on them, in transactions of bounded size. */
export class Quarantine {
  constructor(
    private readonly context: StepContext,
    private readonly dependencies: Dependencies,
    private readonly runId: string,
    private readonly foreignKey: string,
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
    for (const dependency of this.dependenciesOf(table)) {
      const rows = dependentsOf(table, dependency, keys);
      if (dependency.blocks !== null) {
        const count = await countRows(this.context.session, rows);
        if (count > 0) this.refuse(table, dependency, count, untouched);
      } else if (this.dependenciesOf(dependency.table).length > 0) {
        if (depth >= maxDepth) this.refuseCircle(table);
        const limit = this.batchRows;
        let after: RowKey | null = null;
        do {
          const page: RowKey[] = await selectKeys(this.context.session, rows, { limit, after });
          if (page.length > 0) await this.assertMayGo(dependency.table, page, depth + 1);
          after = page.at(-1) ?? null;
        } while (after !== null);
      }
    }
  }

  /** Sets those of the rows aside that still belong to `roots`; one by one where something hangs on them. */
  async moveRoots(roots: RowSelection, keys: readonly RowKey[]): Promise<void> {
    if (await this.moveInOne(roots, keys, null, 0)) return;
    for (const key of keys) await this.moveTree(roots, [key], null, 0);
  }

  /** Sets rows aside, what hangs on them before them; in more than one transaction where that is much. */
  private async moveTree(
    rows: RowSelection,
    keys: readonly RowKey[],
    root: RowKey | null,
    depth: number,
  ): Promise<void> {
    if (depth > maxDepth) this.refuseCircle(rows.table);
    const causedBy = root ?? keys[0] ?? null;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      // Under the lock nobody adds rows: a growing budget gets ahead of whoever adds them as fast as they are moved
      if (await this.moveInOne(rows, keys, root, this.batchRows * 2 ** Math.min(attempt, maxDoublings)))
        return;
      for (const dependency of this.dependenciesOf(rows.table)) {
        await this.moveHanging(dependentsOf(rows.table, dependency, keys), causedBy, depth + 1);
      }
    }
    throw new ProtectionFlowsError('TABLE_BUSY', {
      message: `others add rows that hang on ${rows.table.label} ${keyText(keys[0] ?? [])} faster than they can be quarantined`,
      consequence: partlyMoved,
      remedy: 'Stop what writes those rows, and run the command again.',
      details: { table: rows.table.label, key: this.foreignKey },
    });
  }

  /** Sets aside as many rows as there are now: more may come meanwhile. */
  private async moveHanging(hanging: RowSelection, root: RowKey | null, depth: number): Promise<void> {
    const { session } = this.context;
    const pages = Math.ceil((await countRows(session, hanging)) / this.batchRows);
    for (let page = 0; page < pages; page += 1) {
      const keys = await selectKeys(session, hanging, { limit: this.batchRows });
      if (keys.length === 0) return;
      await this.moveTree(hanging, keys, root, depth);
    }
  }

  /** Sets rows aside in one transaction, with at most `budget` that hang on them. False where that is not enough. */
  private async moveInOne(
    rows: RowSelection,
    keys: readonly RowKey[],
    root: RowKey | null,
    budget: number,
  ): Promise<boolean> {
    const what = `quarantine rows of ${rows.table.label}`;
    const { context } = this;
    const options = { what, goOn: () => context.goOn?.(), patienceMs: context.tableWaitMs };
    try {
      const moved = await inRowTransaction(context.session, options, async () => {
        const tally: Moved = { orphans: 0, cascaded: {} };
        await this.moveLocked(rows, keys, root, budget, 0, tally);
        return tally;
      });
      this.onMoved(moved);
      return true;
    } catch (error) {
      if (error instanceof TooMany) return false;
      if ([1301, 1048].includes(errnoOf(error) ?? 0)) throw this.tooLarge(rows.table, error);
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
    root: RowKey | null,
    budget: number,
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
      const hanging = dependentsOf(table, dependency, going);
      if (dependency.blocks !== null) {
        const count = await countRows(session, hanging, 'LOCK IN SHARE MODE');
        if (count > 0) this.refuse(table, dependency, count, partlyMoved);
        continue;
      }
      const page = await selectKeys(session, hanging, { limit: budget + 1, lock: 'LOCK IN SHARE MODE' });
      if (page.length > budget || (page.length > 0 && depth >= maxDepth)) throw new TooMany();
      if (page.length === 0) continue;
      await this.moveLocked(hanging, page, root ?? going[0] ?? null, budget, depth + 1, tally);
      // Where a table hangs on itself, some of these rows may have gone already, as they hang on others of them
      going = await selectKeys(session, rowsByKey(table, going), { lock: 'FOR UPDATE' });
    }
    const cause: Cause = { runId: this.runId, foreignKey: this.foreignKey, root };
    await moveToQuarantine(session, table, going, cause);
    const rowsMoved = going.length;
    addMoved(
      tally,
      root === null
        ? { orphans: rowsMoved, cascaded: {} }
        : { orphans: 0, cascaded: { [table.label]: rowsMoved } },
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
      message: `${many} of ${child.label} hang on rows of ${table.label} that ${this.foreignKey} would have quarantined, by ${key} (${blocks ?? ''})`,
      consequence,
      remedy: `Give those rows of ${child.label} another parent, or remove them, and run the command again.`,
      details: { foreignKey: this.foreignKey, table: child.label, key, references: table.label, rows },
    });
  }

  private refuseCircle(table: RowTable): never {
    throw new ProtectionFlowsError('STILL_REFERENCED', {
      message: `rows of ${table.label} hang on each other in a circle, or more than ${maxDepth} deep, and on rows that ${this.foreignKey} would have quarantined`,
      consequence: untouched,
      remedy: `Break the circle in ${table.label}, and run the command again: such rows could not be put back.`,
      details: { foreignKey: this.foreignKey, table: table.label },
    });
  }

  private tooLarge(table: RowTable, cause: unknown): ProtectionFlowsError {
    return new ProtectionFlowsError('FK_ORPHAN_ROWS', {
      message: `a row that goes with ${table.label} is too large to be written down: as JSON it exceeds max_allowed_packet`,
      consequence: 'The key was not added; the row stays, and so does what hangs on it.',
      remedy:
        'Raise max_allowed_packet of the server (SET GLOBAL), and run the command again; or save the row by hand and delete it.',
      details: { foreignKey: this.foreignKey, table: table.label },
      cause,
    });
  }
}
