import { isLostToAnother, isProtectionFlowsError } from '../../errors';
import { readCatalog } from '../schema/catalog/read-catalog';
import type { Schema } from '../schema/shape';
import { countRows, errnoOf, quoteName, quoteText, select } from '../server/queryable';
import { asParent, parentSql } from './find-orphans';
import { changeRows, type OrphanContext, type Owner } from './context';

const defaultBatchRows = 500;
const sampleSize = 10;

/** Why a row stays in quarantine. */
export type LeftReason =
  /** A parent row does not exist. */
  | 'parent-missing'
  /** Another row now has its id, or another of its unique values. */
  | 'taken'
  /** Its table does not exist. */
  | 'table-missing'
  /** Its table no longer has a column for which the row holds a value. */
  | 'columns-changed'
  /** It exceeds max_allowed_packet. Only a row that an older version quarantined. */
  | 'too-large'
  /** The server refuses it, because of a CHECK, a type or a trigger that has changed since. */
  | 'refused';

/** Why a row stays in quarantine, and the server's message; null where the server was not asked. */
export interface Left {
  readonly reason: LeftReason;
  readonly answer: string | null;
}

/** Rows that stay in quarantine for one reason. */
export interface LeftRows extends Left {
  /** `database.table` for another database. */
  readonly table: string;
  /** The foreign key for which they were quarantined. */
  readonly key: string;
  readonly rows: number;
  /** The primary keys of up to ten of them. */
  readonly sample: readonly string[];
}

/** The numbers of restored rows, by table, and the rows that stay in quarantine. */
export interface RestoredRows {
  readonly restored: Readonly<Record<string, number>>;
  readonly left: readonly LeftRows[];
}

/** A row in quarantine, as its source selects it. */
export interface QuarantinedRow {
  readonly id: string;
  /** The foreign key for which it was quarantined. */
  readonly key: string;
  /** The table that it returns to, for people. */
  readonly table: string;
  /** Its primary key, for people. */
  readonly rowKey: string;
  readonly [further: string]: unknown;
}

/** A table of quarantined rows. */
export interface Source {
  readonly name: string;
  readonly idColumn: string;
  readonly keyColumn: string;
  /** The SELECT list: `table`, `rowKey`, and what else `putBack` needs of a row `r`. */
  readonly selected: string;
  /** Inserts a row, in a transaction that has locked it. Returns null, or why the row stays in quarantine. */
  putBack(row: QuarantinedRow): Promise<Left | null>;
  /** Inserts rows in one statement; false where some were not inserted. */
  putAllBack?(rows: readonly QuarantinedRow[]): Promise<boolean>;
}

/** What a restore works with. */
export interface RestoreContext extends OrphanContext {
  /** Restores only the rows of this foreign key. */
  readonly key?: string | undefined;
  readonly batchRows?: number | undefined;
}

const duplicateEntry = 1062;
const noReferencedRow = [1452, 1216];

/** Turns an error about the row into the reason why it stays; throws any other error again. */
function leftFor(error: unknown): Left {
  const errno = errnoOf(error);
  const isOfTheWhole = isProtectionFlowsError(error)
    ? error.stage !== 'refused' || ['PRIVILEGE_MISSING', 'SERVER_READ_ONLY'].includes(error.code)
    : errno === null;
  if (isOfTheWhole || isLostToAnother(error) || (error as { fatal?: boolean }).fatal === true) throw error;
  const answer = (error as Error).message;
  if (errno === duplicateEntry) return { reason: 'taken', answer };
  return { reason: noReferencedRow.includes(errno ?? 0) ? 'parent-missing' : 'refused', answer };
}

/**
 * An SQL condition for rows whose parents exist. The server's own check is not enough: a key may not exist yet, and MySQL 9.7
 * does not check a key whose index has a NULL in a later column, such as idx_flow_executions in a pending execution (tried).
 *
 * @param valueOf the row's value of a column, in SQL
 */
export function hasParents(
  { declared }: Owner,
  live: Schema,
  table: string,
  valueOf: (column: string) => string,
): string {
  const child = live.get(table);
  const keys = declared.get(table)?.foreignKeys ?? [];
  if (child === undefined) return 'TRUE';
  const conditions = keys
    .filter(({ parentTable }) => live.has(parentTable))
    .map((key) => {
      const value = valueOf(key.columns[0]);
      const parent = `p.${quoteName(key.parentColumns[0])}`;
      const isItself = key.parentTable === table ? `${value} = ${valueOf(key.parentColumns[0])} OR ` : '';
      return `(${value} IS NULL OR ${isItself}EXISTS (SELECT 1 FROM ${parentSql(key)} p WHERE ${parent} = ${asParent(value, child, key, live)}))`;
    });
  return conditions.join(' AND ') || 'TRUE';
}

/** A live table and the live parents of its declared keys. */
export function readWithParents({ session, server, owner }: OrphanContext, table: string): Promise<Schema> {
  const parents = owner.declared.get(table)?.foreignKeys.map(({ parentTable }) => parentTable) ?? [];
  return readCatalog(session, server, [table, ...parents]);
}

/** Restores rows one by one; undoes what a refused row has changed. */
async function putEachBack(context: RestoreContext, source: Source, rows: readonly QuarantinedRow[]) {
  const { session } = context;
  const outcomes: (Left | null)[] = [];
  for (const row of rows) {
    const left = await source.putBack(row).catch(leftFor);
    if (left !== null) {
      // Fails where the server has rolled back more than the row's own statement
      await session.query('RELEASE SAVEPOINT rows_restored');
      await session.query('SAVEPOINT rows_restored');
    }
    outcomes.push(left);
  }
  return outcomes;
}

/** Restores a batch, and deletes its rows from quarantine: in one statement if possible, else row by row. */
async function restoreBatch(context: RestoreContext, source: Source, rows: readonly QuarantinedRow[]) {
  const { session } = context;
  await session.query('SAVEPOINT rows_restored');
  const isDone = await source.putAllBack?.(rows).catch((error: unknown) => leftFor(error) === null);
  if (isDone === false) await session.query('ROLLBACK TO SAVEPOINT rows_restored');
  const outcomes = isDone === true ? rows.map(() => null) : await putEachBack(context, source, rows);
  const gone = rows.flatMap(({ id }, at) => (outcomes[at] === null ? [id] : []));
  if (gone.length > 0) {
    await session.query(
      `DELETE FROM ${quoteName(source.name)} WHERE ${source.idColumn} IN (${gone.join(', ')})`,
    );
  }
  return rows.map((row, at) => ({ row, left: outcomes[at] ?? null }));
}

/** The outcome for a row; `left` is null where the row was restored. */
interface Outcome {
  readonly row: QuarantinedRow;
  readonly left: Left | null;
}

/** One pass over all sources. In each, the newest row comes first: dependent rows were quarantined before their parents. */
class RestorePass {
  readonly restored: Record<string, number> = {};
  readonly left = new Map<string, LeftRows>();
  private done = 0;

  constructor(
    private readonly context: RestoreContext,
    private readonly total: number,
  ) {}

  async run(source: Source): Promise<void> {
    const { session, onProgress, batchRows: limit = defaultBatchRows } = this.context;
    const id = `r.${source.idColumn}`;
    const columns = `CAST(${id} AS CHAR) AS id, r.${source.keyColumn} AS \`key\`, ${source.selected}`;
    let before: string | null = null;
    for (;;) {
      const where: string = `${wanted(this.context, source)}${before === null ? '' : ` AND ${id} < ${before}`}`;
      const batch: Outcome[] = await changeRows(this.context, 'restore quarantined rows', async () => {
        const rows = await select<QuarantinedRow>(
          session,
          `SELECT ${columns} FROM ${quoteName(source.name)} r WHERE ${where} ORDER BY ${id} DESC LIMIT ${limit} FOR UPDATE`,
        );
        return rows.length === 0 ? [] : restoreBatch(this.context, source, rows);
      });
      for (const { row, left } of batch) this.count(row, left);
      this.done += batch.length;
      if (batch.length > 0)
        onProgress?.(`restore quarantined rows: ${Math.min(this.done, this.total)} of ${this.total}`);
      if (batch.length < limit) return;
      before = batch.at(-1)?.row.id ?? null;
    }
  }

  private count({ table, key, rowKey }: QuarantinedRow, left: Left | null): void {
    if (left === null) {
      this.restored[table] = (this.restored[table] ?? 0) + 1;
      return;
    }
    const id = JSON.stringify([table, key, left.reason]);
    const found = this.left.get(id) ?? { table, key, ...left, rows: 0, sample: [] };
    const sample = [...found.sample, rowKey].slice(0, sampleSize);
    this.left.set(id, { ...found, rows: found.rows + 1, sample });
  }
}

/** The condition for the rows of a source that the caller asked for. */
const wanted = ({ key }: RestoreContext, { keyColumn }: Source): string =>
  key === undefined ? 'TRUE' : `r.${keyColumn} = ${quoteText(key)}`;

/**
 * Restores quarantined rows, parents before the rows that depend on them, with the server's checks on. A row that can't be
 * restored stays in quarantine. Repeats the pass while rows lack a parent and the last pass has restored some row. The
 * session must have the settings of `withRowSettings`, and be in no transaction.
 *
 * @throws ProtectionFlowsError TABLE_BUSY, INTERRUPTED, PRIVILEGE_MISSING
 */
export async function restoreRows(
  context: RestoreContext,
  sources: readonly Source[],
): Promise<RestoredRows> {
  const restored: Record<string, number> = {};
  for (;;) {
    let total = 0;
    for (const source of sources)
      total += await countRows(context.session, `${quoteName(source.name)} r`, wanted(context, source));
    const pass = new RestorePass(context, total);
    for (const source of sources) await pass.run(source);
    for (const [table, rows] of Object.entries(pass.restored))
      restored[table] = (restored[table] ?? 0) + rows;
    const left = [...pass.left.values()];
    const mayGoOn = left.some(({ reason }) => reason === 'parent-missing');
    if (!mayGoOn || Object.keys(pass.restored).length === 0) return { restored, left };
  }
}
