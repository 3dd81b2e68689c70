import { keptTimes } from '../schema/ddl';
import { ProtectionFlowsError } from '../../errors';
import { affectedRows, countRows, quoteName } from '../server/queryable';
import { withRowSettings } from '../server/row-transaction';
import { tokensOf } from '../schema/expression';
import { named, type Check, type ForeignKey, type Schema, type Table } from '../schema/shape';
import { changeRows, type OrphanChoice, type OrphanContext } from './context';
import { parentJoin } from './find-orphans';
import { addMoved, Quarantine, readDependencies, type Moved } from './quarantine';
import { byPrimaryKey, forEachBatch, keysSql, readRowTable, type RowSelection } from './rows';

/** A choice that changes rows, judged for one key. */
export interface OrphanChoiceForKey {
  readonly choice: Exclude<OrphanChoice, 'report'>;
  readonly isPossible: boolean;
  /** What it would do, as a phrase for a sentence. */
  readonly does: string;
  /** Why it is impossible; null where it is possible. */
  readonly why: string | null;
}

/** True where a CHECK uses the column, or where its expression can't be parsed but contains the name. */
function namesColumn({ expression }: Check, column: string): boolean {
  const wanted = column.toLowerCase();
  const tokens = tokensOf(expression);
  if (tokens === null) return expression.toLowerCase().includes(wanted);
  return tokens.some(({ kind, value }) => (kind === 'name' || kind === 'word') && value === wanted);
}

/** Why a key's column can't be set to NULL; null where it can. */
function whyNotCleared(child: Table, key: ForeignKey): string | null {
  const name = key.columns[0];
  const column = named(child.columns, name);
  if (column === undefined) return `${child.name} has no column ${name}`;
  if (!column.nullable) return `${child.name}.${name} must not be NULL`;
  if (/generated/.test(column.extra)) return `${child.name}.${name} is a generated column`;
  const check = child.checks.find((one) => namesColumn(one, name));
  return check === undefined ? null : `the CHECK ${check.name} of ${child.name} needs ${name}`;
}

/**
 * The choices for a key's orphans, the smallest change first. Pure. None is possible in a table without a primary key,
 * because its rows can't be told apart.
 *
 * @param child the live child
 */
export function orphanChoicesFor(child: Table, key: ForeignKey): OrphanChoiceForKey[] {
  const noKey = child.primaryKey.length === 0 ? `${child.name} has no primary key` : null;
  const whyNotNull = noKey ?? whyNotCleared(child, key);
  return [
    {
      ...{ choice: 'null', isPossible: whyNotNull === null, why: whyNotNull },
      does: `sets ${key.columns[0]} to NULL in those rows of ${child.name}, which stay`,
    },
    {
      ...{ choice: 'quarantine', isPossible: noKey === null, why: noKey },
      does: `moves those rows of ${child.name}, and the rows that depend on them, into quarantine, from where restore-orphans brings them back`,
    },
  ];
}

/** The caller's choice if it is possible for that key, else `report`. */
export function possibleChoice(
  child: Table,
  key: ForeignKey,
  choice: OrphanChoice | undefined,
): OrphanChoice {
  const found = orphanChoicesFor(child, key).find((one) => one.choice === choice);
  return found?.isPossible === true ? found.choice : 'report';
}

const defaultBatchRows = 500;

/** What was done about a key's orphans. */
export interface SettledOrphans {
  /** The number of orphans that were cleared or quarantined. */
  readonly rows: number;
  /** The numbers of quarantined rows that depended on them, by table; `database.table` for another database. */
  readonly cascaded: Readonly<Record<string, number>>;
}

/** Sums up the moved rows, and reports progress after each batch. The total may grow meanwhile. */
function counter(context: OrphanContext, what: string, total: number) {
  const moved: Moved = { orphans: 0, cascaded: {} };
  const onMoved = (more: Moved): void => {
    addMoved(moved, more);
    const cascaded = Object.values(moved.cascaded).reduce((all, rows) => all + rows, 0);
    const dependent = cascaded === 0 ? '' : `, and ${cascaded} that depend on them`;
    context.onProgress?.(`${what}: ${moved.orphans} of ${Math.max(total, moved.orphans)} rows${dependent}`);
  };
  return { moved, onMoved };
}

function refuse(child: Table, key: ForeignKey, choice: OrphanChoiceForKey): never {
  const others = orphanChoicesFor(child, key).filter(({ isPossible }) => isPossible);
  throw new ProtectionFlowsError('FK_ORPHAN_ROWS', {
    message: `${choice.choice} is no choice for the orphans of ${key.name}: ${choice.why ?? ''}`,
    remedy:
      others.length === 0
        ? `Restore the missing rows of ${key.parentTable}, or repair those of ${child.name} by hand.`
        : `Choose ${others.map((one) => `${one.choice} (${one.does})`).join(' or ')}; or restore the missing rows of ${key.parentTable}.`,
    details: { key: key.name, table: child.name, choice: choice.choice, why: choice.why },
  });
}

/** Sets the key's column of each orphan to NULL; keeps columns with ON UPDATE CURRENT_TIMESTAMP. */
async function clearOrphans(
  context: OrphanContext,
  orphans: RowSelection,
  child: Table,
  key: ForeignKey,
  batchRows: number,
  onMoved: (moved: Moved) => void,
): Promise<void> {
  const column = key.columns[0];
  const set = `r.${quoteName(column)} = NULL${keptTimes(child.columns, [column], 'r.')}`;
  await forEachBatch(context.session, orphans, batchRows, async (keys) => {
    const where = `${orphans.where} AND ${keysSql(orphans.table, keys)}`;
    const result = await changeRows(context, `set ${column} to NULL in ${orphans.table.label}`, () =>
      context.session.query(`UPDATE ${orphans.from} SET ${set} WHERE ${where}`),
    );
    onMoved({ orphans: affectedRows(result), cascaded: {} });
  });
}

/** Moves the orphans to quarantine. Checks first that all of them can move, and checks each batch again. */
async function quarantineOrphans(
  context: OrphanContext,
  orphans: RowSelection,
  key: ForeignKey,
  batchRows: number,
  onMoved: (moved: Moved) => void,
): Promise<void> {
  const { session } = context;
  const { table } = orphans;
  const dependencies = await readDependencies(session, context.owner, table);
  const quarantine = new Quarantine(context, dependencies, key.name, batchRows, onMoved);
  await forEachBatch(session, orphans, batchRows, (keys) => quarantine.assertMovable(table, keys));
  await quarantine.createTables(table);
  await forEachBatch(session, orphans, batchRows, async (keys) => {
    await quarantine.assertMovable(table, keys);
    await quarantine.move(orphans, keys);
  });
}

/**
 * Does what the user chose about a key's orphans, in transactions of limited size, while other sessions write:
 *
 * - `null` sets the key's column to NULL;
 * - `quarantine` moves the rows, and the rows of the owner's tables that depend on them, each into the quarantine of its
 *   table.
 *
 * `context.goOn` can stop it before each batch; a rerun does what is left. It walks over the rows once, so the next call
 * finds orphans that other sessions add meanwhile. The session must be in no transaction; its settings are changed and
 * restored.
 *
 * @param child the live child
 * @param live the live tables, with the parent
 * @param options `batchRows`: the most rows of each table that one transaction changes. Default: 500
 * @throws ProtectionFlowsError FK_ORPHAN_ROWS where the choice is impossible for the key; STILL_REFERENCED where rows
 * depend on the orphans that can't move with them, such as rows of other owners' tables; TABLE_BUSY; INTERRUPTED
 */
export async function settleOrphans(
  context: OrphanContext,
  child: Table,
  key: ForeignKey,
  live: Schema,
  choice: OrphanChoiceForKey['choice'],
  { batchRows = defaultBatchRows }: { readonly batchRows?: number } = {},
): Promise<SettledOrphans> {
  const chosen = orphanChoicesFor(child, key).find((one) => one.choice === choice);
  if (chosen?.isPossible === false) refuse(child, key, chosen);
  const { session, server } = context;
  return withRowSettings(session, async () => {
    const table = await readRowTable(session, server.flavour, { database: null, name: child.name });
    if (table === null) return { rows: 0, cascaded: {} };
    const { join, isOrphan: where } = parentJoin('r', child, key, live);
    const total = await countRows(session, `${table.sql} r ${join}`, where);
    if (total === 0) return { rows: 0, cascaded: {} };
    const verb = choice === 'null' ? `set ${key.columns[0]} to NULL in` : 'quarantine';
    const what = `${verb} ${child.name} without ${key.parentTable}`;
    const { moved, onMoved } = counter(context, what, total);
    const orphans = { table, from: `${table.sql} r ${byPrimaryKey} ${join}`, where };
    if (choice === 'null') await clearOrphans(context, orphans, child, key, batchRows, onMoved);
    else await quarantineOrphans(context, orphans, key, batchRows, onMoved);
    return { rows: moved.orphans, cascaded: moved.cascaded };
  });
}
