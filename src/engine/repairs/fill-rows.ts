import { columnType } from '../schema/column-type';
import { changeRows } from '../orphans/context';
import { keptTimes } from '../schema/ddl';
import { countRows, quoteName, select, type Queryable } from '../server/queryable';
import { byPrimaryKey, forEachBatch, keysSql, readRowTable, type RowSelection } from '../orphans/rows';
import { named, type Column, type Table } from '../schema/shape';
import type { Difference } from '../schema/compare';
import { statement, type RemedyPart } from '../steps/remedy';
import type { StepContext } from '../steps/step';
import type { RepairTarget } from './repair';

/** How values that the declared definition refuses are replaced in one column. In its SQL, `r` is the row. */
interface Fill {
  readonly column: string;
  /** True for the rows that are written. */
  readonly condition: string;
  readonly value: string;
}

/** The fills before the definition changes, and those that only the new definition allows. */
interface Fills {
  readonly before: readonly Fill[];
  readonly after: readonly Fill[];
}

const batchRows = 500;

const isTime = ({ type }: Column): boolean => ['timestamp', 'datetime'].includes(columnType(type).name);
const at = (name: string): string => `r.${quoteName(name)}`;

/** True for '0000-00-00 00:00:00', which explicit_defaults_for_timestamp=OFF writes. A strict server reads it as text only. */
const isZero = (name: string): string => `CAST(${at(name)} AS CHAR) LIKE '0000-00-00%'`;

/** Columns with times of a row's life, from which a lost time of creation or change is derived. */
const events = ['created_at', 'started_at', 'completed_at', 'last_execution_time', 'updated_at'];

/** The oldest of the row's other times, the newest for an ON UPDATE column; now where the row has none. */
function timeOf(column: Column, found: Table, zeros: boolean): string {
  const others = events
    .filter((name) => name !== column.name)
    .flatMap((name) => named(found.columns, name) ?? [])
    .filter(isTime)
    .map(({ name }) => (zeros ? `IF(${isZero(name)}, NULL, ${at(name)})` : at(name)));
  const now = 'CURRENT_TIMESTAMP';
  if (others.length === 0) return now;
  if (!column.onUpdateNow)
    return `LEAST(${[...others.map((sql) => `COALESCE(${sql}, ${now})`), now].join(', ')})`;
  const [first = now] = others;
  if (others.length === 1) return `COALESCE(${first}, ${now})`;
  const known = `COALESCE(${others.join(', ')})`;
  return `COALESCE(GREATEST(${others.map((sql) => `COALESCE(${sql}, ${known})`).join(', ')}), ${now})`;
}

function defaultOf(column: Column, found: Table, zeros: boolean): string {
  if (column.default === 'current_timestamp') return timeOf(column, found, zeros);
  return column.default ?? 'NULL';
}

/**
 * The fills that rows of a hand-made table may need: the default for a NULL that is no longer allowed, a time for
 * '0000-00-00'. They follow from the definitions alone; {@link neededFills} looks for such rows.
 *
 * @param zeros false where no row holds a '0000-00-00'
 */
export function fillsOf(table: Table, found: Table, zeros = true): Fills {
  const before: Fill[] = [];
  const after: Fill[] = [];
  for (const column of table.columns) {
    const live = named(found.columns, column.name);
    if (live === undefined || live.extra !== '') continue;
    const mayBeZero = zeros && isTime(live);
    if (column.nullable) {
      if (mayBeZero) after.push({ column: column.name, condition: isZero(column.name), value: 'NULL' });
      continue;
    }
    const conditions = [
      ...(live.nullable ? [`${at(column.name)} IS NULL`] : []),
      ...(mayBeZero ? [isZero(column.name)] : []),
    ];
    if (conditions.length === 0 || column.default === null) continue;
    const condition = conditions.join(' OR ');
    before.push({ column: column.name, condition, value: defaultOf(column, found, zeros) });
  }
  return { before, after };
}

const anyOf = (fills: readonly Fill[]): string => `(${fills.map(({ condition }) => condition).join(' OR ')})`;

/** Assignments that replace the wrong values, and keep the ON UPDATE CURRENT_TIMESTAMP columns. */
function assignments(fills: readonly Fill[], found: Table): string {
  const written = fills.map(
    ({ column, condition, value }) => `${at(column)} = IF(${condition}, ${value}, ${at(column)})`,
  );
  const names = fills.map(({ column }) => column);
  return `${written.join(', ')}${keptTimes(found.columns, names, 'r.')}`;
}

/** One UPDATE that writes all fills, to be printed. */
export function fillSql(found: Table, fills: readonly Fill[]): string {
  return `UPDATE ${quoteName(found.name)} r SET ${assignments(fills, found)} WHERE ${anyOf(fills)}`;
}

/** The remedy that gives the default to rows with NULL in a differing column that must be NOT NULL. */
export function fillParts({ table, found }: RepairTarget, differences: readonly Difference[]): RemedyPart[] {
  const fills = fillsOf(table, found, false).before.filter(({ column }) =>
    differences.some(({ object, name }) => object === 'column' && name === column),
  );
  return fills.length === 0 ? [] : [statement(fillSql(found, fills))];
}

/** The fills that some row needs now. */
export interface NeededFills {
  readonly fills: Fills;
  /** How many rows they write; a row that is written before and after counts twice. */
  readonly rows: number;
  /** True where a row holds '0000-00-00'. */
  readonly zeros: boolean;
}

/** Finds the fills that some row needs. Reads the whole table once. */
export async function neededFills(session: Queryable, table: Table, found: Table): Promise<NeededFills> {
  const { before, after } = fillsOf(table, found);
  const all = [...before, ...after];
  const zeroTimes = found.columns.filter((column) => isTime(column) && named(table.columns, column.name));
  const sums = [
    ...all.map(({ condition }, index) => `SUM(${condition}) AS n${index}`),
    ...[before, after].map((some, index) => `SUM(${some.length > 0 ? anyOf(some) : '0'}) AS rows${index}`),
    `SUM(${zeroTimes.map(({ name }) => isZero(name)).join(' OR ') || '0'}) AS zeros`,
  ];
  const [row] = await select(session, `SELECT ${sums.join(', ')} FROM ${quoteName(found.name)} r`);
  const count = (name: string): number => Number(row?.[name] ?? 0);
  const isNeeded = ({ column }: Fill): boolean =>
    all.some((fill, index) => fill.column === column && count(`n${index}`) > 0);
  const zeros = count('zeros') > 0;
  const short = fillsOf(table, found, zeros);
  const fills = { before: short.before.filter(isNeeded), after: short.after.filter(isNeeded) };
  return { fills, rows: count('rows0') + count('rows1'), zeros };
}

/** Names up to three columns, counts more. */
const listed = (fills: readonly Fill[]): string =>
  fills.length > 3 ? `${fills.length} columns` : fills.map(({ column }) => column).join(', ');

/** Writes the fills in batches, in the order of the primary key. The session's sql_mode must allow '0000-00-00'. */
export async function fillRows(context: StepContext, found: Table, fills: readonly Fill[]): Promise<void> {
  if (fills.length === 0) return;
  const { session, server } = context;
  const table = await readRowTable(session, server.flavour, { database: null, name: found.name });
  if (table === null) return;
  const rows: RowSelection = { table, from: `${table.sql} r ${byPrimaryKey}`, where: anyOf(fills) };
  const total = await countRows(session, rows.from, rows.where);
  const what = `fill ${listed(fills)} of ${found.name}`;
  if (total === 0) return;
  let done = 0;
  await forEachBatch(session, rows, batchRows, async (keys) => {
    await changeRows(context, what, () =>
      session.query(
        `UPDATE ${rows.from} SET ${assignments(fills, found)} WHERE ${rows.where} AND ${keysSql(table, keys)}`,
      ),
    );
    done += keys.length;
    context.onProgress?.(`${what}: ${done} of ${Math.max(total, done)} rows`);
  });
}
