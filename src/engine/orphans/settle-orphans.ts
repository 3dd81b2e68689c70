import { ProtectionFlowsError } from '../../errors';
import { quoteName } from '../server/queryable';
import type { ForeignKey, Schema, Table } from '../schema/shape';
import type { StepContext } from '../steps/step';
import { orphanChoicesFor, type OrphanChoiceForKey } from './choices';
import { readDependencies } from './dependencies';
import { addMoved, Quarantine, type Moved } from './quarantine';
import { ensureQuarantine, newRunId } from './quarantine-table';
import { countRows, keysSql, orphansOf, selectKeys, type RowKey, type RowSelection } from './row-selection';
import { readRowTable } from './row-table';
import { inRowTransaction, withRowSettings } from '../server/row-transaction';

const defaultBatchRows = 500;

/** What became of a key's orphans. */
export interface SettledOrphans {
  /** The orphans that were cleared or set aside. */
  readonly rows: number;
  /** The rows that hung on them and were set aside too, by table; `database.table` where that is another database. */
  readonly cascaded: Readonly<Record<string, number>>;
}

/** Options of {@link settleOrphans}. */
export interface SettleOptions {
  /** How many rows one transaction changes, at most, of each table. Default: 500. */
  readonly batchRows?: number;
}

/** One walk over the orphans there are, batch by batch in the order of the primary key. */
async function forEachBatch(
  { session }: StepContext,
  orphans: RowSelection,
  limit: number,
  work: (keys: readonly RowKey[]) => Promise<void>,
): Promise<void> {
  let after: RowKey | null = null;
  do {
    const keys: RowKey[] = await selectKeys(session, orphans, { limit, after });
    if (keys.length > 0) await work(keys);
    after = keys.at(-1) ?? null;
  } while (after !== null);
}

/** Tells progress after each batch, in rows of a total that may grow meanwhile. */
function counter(context: StepContext, what: string, total: number): (moved: Moved) => void {
  const sum: Moved = { orphans: 0, cascaded: {} };
  return (moved) => {
    addMoved(sum, moved);
    const cascaded = Object.values(sum.cascaded).reduce((all, rows) => all + rows, 0);
    const more = cascaded === 0 ? '' : `, and ${cascaded} that hang on them`;
    context.onProgress?.(`${what}: ${sum.orphans} of ${Math.max(total, sum.orphans)} rows${more}`);
  };
}

function refuse(child: Table, key: ForeignKey, choice: OrphanChoiceForKey): never {
  const others = orphanChoicesFor(child, key).filter(({ isPossible }) => isPossible);
  throw new ProtectionFlowsError('FK_ORPHAN_ROWS', {
    message: `${choice.choice} is no choice for the orphans of ${key.name}: ${choice.why ?? ''}`,
    remedy:
      others.length === 0
        ? `Restore the missing rows of ${key.parentTable}, or mend those of ${child.name} by hand.`
        : `Choose ${others.map((one) => `${one.choice} (${one.does})`).join(' or ')}; or restore the missing rows of ${key.parentTable}.`,
    details: { key: key.name, table: child.name, choice: choice.choice, why: choice.why },
  });
}

/** Clears the column of each orphan, and leaves those alone that an update would set to the current time. */
async function clearOrphans(
  context: StepContext,
  orphans: RowSelection,
  columns: { readonly cleared: string; readonly kept: readonly string[] },
  batchRows: number,
  onMoved: (moved: Moved) => void,
): Promise<void> {
  const kept = columns.kept.map((name) => `r.${quoteName(name)} = r.${quoteName(name)}`);
  const set = [`r.${quoteName(columns.cleared)} = NULL`, ...kept].join(', ');
  await forEachBatch(context, orphans, batchRows, async (keys) => {
    const where = `${orphans.where} AND ${keysSql(orphans.table, keys)}`;
    const what = `set ${columns.cleared} to NULL in ${orphans.table.label}`;
    const options = { what, goOn: () => context.goOn?.(), patienceMs: context.tableWaitMs };
    const result = await inRowTransaction(context.session, options, () =>
      context.session.query(`UPDATE ${orphans.from} SET ${set} WHERE ${where}`),
    );
    onMoved({ orphans: Number((result as { affectedRows?: number }).affectedRows ?? 0), cascaded: {} });
  });
}

/** Sets the orphans aside; looks at all of them first, whether they may go, and at each batch again. */
async function quarantineOrphans(
  context: StepContext,
  orphans: RowSelection,
  key: ForeignKey,
  batchRows: number,
  onMoved: (moved: Moved) => void,
): Promise<void> {
  const dependencies = await readDependencies(context.session, orphans.table);
  const quarantine = new Quarantine(context, dependencies, newRunId(), key.name, batchRows, onMoved);
  await forEachBatch(context, orphans, batchRows, (keys) => quarantine.assertMayGo(orphans.table, keys));
  await ensureQuarantine(context);
  await forEachBatch(context, orphans, batchRows, async (keys) => {
    await quarantine.assertMayGo(orphans.table, keys);
    await quarantine.moveRoots(orphans, keys);
  });
}

/**
 * Carries out what the user chose for a key's orphans, in transactions of bounded size, while other sessions write:
 *
 * - `null` clears the key's column;
 * - `quarantine` moves the rows, with everything that a cascade would take, into `sendense_flow_orphans`.
 *
 * It can be stopped before each batch (`context.goOn`), and a rerun goes on where it was. It walks once: orphans that
 * others add behind it are left for the next call. The session must be in no transaction; its settings are changed
 * meanwhile, and restored.
 *
 * @param child the live child
 * @param live the live tables, the parent among them
 * @throws ProtectionFlowsError FK_ORPHAN_ROWS where the choice is not possible for the key, or a row is too large;
 * STILL_REFERENCED where rows that don't go with them hang on the orphans; TABLE_BUSY; INTERRUPTED
 */
export async function settleOrphans(
  context: StepContext,
  child: Table,
  key: ForeignKey,
  live: Schema,
  choice: OrphanChoiceForKey['choice'],
  { batchRows = defaultBatchRows }: SettleOptions = {},
): Promise<SettledOrphans> {
  const chosen = orphanChoicesFor(child, key).find((one) => one.choice === choice);
  if (chosen?.isPossible === false) refuse(child, key, chosen);
  const { session, server } = context;
  return withRowSettings(session, async () => {
    const table = await readRowTable(session, server.flavour, { database: null, name: child.name });
    if (table === null) return { rows: 0, cascaded: {} };
    const total = await countRows(session, orphansOf(table, child, key, live, ''));
    const moved: Moved = { orphans: 0, cascaded: {} };
    if (total === 0) return { rows: 0, cascaded: {} };
    const verb = choice === 'null' ? `set ${key.columns[0] ?? ''} to NULL in` : 'quarantine';
    const tell = counter(context, `${verb} ${child.name} without ${key.parentTable}`, total);
    const onMoved = (more: Moved): void => {
      addMoved(moved, more);
      tell(more);
    };
    const orphans = orphansOf(table, child, key, live);
    if (choice === 'null') {
      const kept = child.columns.filter(({ name, onUpdateNow }) => onUpdateNow && name !== key.columns[0]);
      const columns = { cleared: key.columns[0] ?? '', kept: kept.map(({ name }) => name) };
      await clearOrphans(context, orphans, columns, batchRows, onMoved);
    } else {
      await quarantineOrphans(context, orphans, key, batchRows, onMoved);
    }
    return { rows: moved.orphans, cascaded: moved.cascaded };
  });
}
