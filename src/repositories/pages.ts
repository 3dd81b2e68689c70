import { createHash } from 'node:crypto';
import { refuse, type Reader } from '../arguments';
import { isStorableTimestamp } from '../domain';
import { argumentsRefused } from '../errors';
import type { Session } from './session';
import { withIndex } from './statements';

/** A place in a list: the row's value in the column of the order, or null, and the row's id. */
interface Place {
  readonly value: Date | string | null;
  readonly id: string;
}

/** The place after which a page begins, and the name of its list. */
export interface Cursor extends Place {
  readonly list: string;
}

/** A page of a list. */
export interface Page<Item> {
  readonly items: Item[];
  /** Pass as `after` to read the next page; null: this was the last page. */
  readonly next: string | null;
  /** The number of all rows, if requested. */
  readonly total?: number;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 8);

/** A hash of a list's contents, order and filter. A cursor holds it, so that it can't be used for another list. */
export const listName = (...parts: readonly unknown[]): string => hashOf(JSON.stringify(parts));

/**
 * Writes a place as opaque text. A checksum at its end detects a cursor that was cut, changed or invented. It protects no
 * data, so it needs no secret.
 */
export function cursorOf({ value, id, list }: Cursor): string {
  const place = JSON.stringify([value instanceof Date ? value.getTime() : value, id, list]);
  return `${Buffer.from(place).toString('base64url')}.${hashOf(`page ${place}`)}`;
}

const isValue = (value: unknown): value is Place['value'] =>
  value === null || typeof value === 'string' || isStorableTimestamp(value as Date);

function placeOf(text: string): Cursor | null {
  try {
    const place = Buffer.from(text.slice(0, text.indexOf('.')), 'base64url').toString();
    const [given, id, list] = JSON.parse(place) as unknown[];
    const value = typeof given === 'number' ? new Date(given) : given;
    if (!isValue(value) || typeof id !== 'string' || typeof list !== 'string') return null;
    // Compares with the cursor written again, because JSON and base64 can write one value in many ways
    const cursor = { value, id, list };
    return cursorOf(cursor) === text ? cursor : null;
  } catch {
    return null;
  }
}

/** Reads the `next` of the previous page; null: the first page. */
export const cursor: Reader<Cursor | null> = (value, field, faults) => {
  if (value === undefined || value === null) return null;
  const place = typeof value === 'string' ? placeOf(value) : null;
  return place ?? refuse(faults, field, 'isCursor', 'must be the `next` of the previous page');
};

/** The order of a list. */
export interface Order {
  /** With the alias: `f.created_at`. */
  readonly column: string;
  /** Orders rows with equal values, in the same direction: `f.id`. */
  readonly id: string;
  readonly direction: 'asc' | 'desc';
  /** True if the column may be null. Those rows come last in both directions. Default: false. */
  readonly isNullable?: boolean;
  /** True if no two rows have the same value. Then an index on the column alone gives the order. */
  readonly isUnique?: boolean;
}

/** A part of a list that an index gives in order. */
interface Segment {
  readonly condition: string;
  readonly parameters: readonly unknown[];
  readonly orderBy: string;
}

/**
 * SQL for the rows after a place. An index gives both the order and the beginning.
 *
 * @param place its value is not null
 */
export function behind({ column, id, direction, isUnique }: Order, place: Place): Omit<Segment, 'orderBy'> {
  const sign = direction === 'asc' ? '>' : '<';
  if (isUnique === true) return { condition: `${column} ${sign} ?`, parameters: [place.value] };
  return {
    condition: `(${column} ${sign} ? OR (${column} = ? AND ${id} ${sign} ?))`,
    parameters: [place.value, place.value, place.id],
  };
}

/**
 * The segments of a list from a place on: first the rows with a value, then those without. In one segment, NULL would come
 * first in ascending order.
 */
function segmentsFrom(order: Order, place: Place | null): Segment[] {
  const { column, id, direction, isNullable = false, isUnique = false } = order;
  const [sign, word] = direction === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  const all = { condition: isNullable ? `${column} IS NOT NULL` : '', parameters: [] };
  const withValue: Segment = {
    ...(place === null || place.value === null ? all : behind(order, place)),
    orderBy: isUnique ? `${column} ${word}` : `${column} ${word}, ${id} ${word}`,
  };
  if (!isNullable) return [withValue];
  const orderBy = `${id} ${word}`;
  return place?.value === null
    ? [{ condition: `${column} IS NULL AND ${id} ${sign} ?`, parameters: [place.id], orderBy }]
    : [withValue, { condition: `${column} IS NULL`, parameters: [], orderBy }];
}

/** `WHERE a AND b`, or nothing. */
function whereClause(...conditions: readonly string[]): string {
  const given = conditions.filter((condition) => condition !== '');
  return given.length === 0 ? '' : `WHERE ${given.join(' AND ')}`;
}

/** A condition with its parameters; empty: every row matches. */
export interface Where {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A list: its rows, its order, and how to read them. */
interface List<Item> {
  /** The function's name, for its errors. */
  readonly subject: string;
  /** See {@link listName}. */
  readonly name: string;
  /** The table with its alias, to count its rows. */
  readonly table: string;
  readonly where: Where;
  readonly order: Order;
  valueOf(item: Item): Place['value'];
  /** @param tail the end of the SELECT, from WHERE on */
  select(tail: string, parameters: readonly unknown[]): Promise<Item[]>;
}

/** The limit of a page with all rows: larger than any list, so that the SQL is the same with and without a limit. */
const allRows = 10_000_000;

/**
 * Reads a page of a list. If an index gives the order, every page takes the same time. Reads one row more than the limit, to
 * know whether there is a next page.
 *
 * @param page `limit` null: all rows; `offset`: rows to skip, only for a list of one segment, and slow if large
 * @throws VALIDATION_FAILED for a cursor of another list: another filter, another order, the runs of another flow
 */
export async function readPage<Item extends { readonly id: string }>(
  session: Session,
  { subject, name, table, where, order, valueOf, select }: List<Item>,
  {
    limit,
    after,
    offset = 0,
    total = false,
  }: { limit: number | null; after: Cursor | null; offset?: number; total?: boolean },
): Promise<Page<Item>> {
  const most = limit ?? allRows;
  if (after !== null && after.list !== name) {
    const isCursor =
      'after must be the `next` of a page of this list: with the same filter, in the same order';
    throw argumentsRefused(subject, [{ field: 'after', constraints: { isCursor } }]);
  }
  const rows: Item[] = [];
  for (const { condition, parameters, orderBy } of segmentsFrom(order, after)) {
    if (rows.length > most) break;
    const skip = offset === 0 ? [] : [offset];
    rows.push(
      ...(await select(
        `${whereClause(where.sql, condition)} ORDER BY ${orderBy} LIMIT ?${offset === 0 ? '' : ' OFFSET ?'}`,
        [...where.parameters, ...parameters, most + 1 - rows.length, ...skip],
      )),
    );
  }
  const items = rows.slice(0, most);
  const last = items.at(-1);
  const isLast = rows.length <= most || last === undefined;
  const next = isLast ? null : cursorOf({ value: valueOf(last), id: last.id, list: name });
  if (!total) return { items, next };
  // The page holds the whole list, so there is nothing to count
  if (isLast && after === null && offset === 0) return { items, next, total: items.length };
  const [counted] = await session.select<{ total: string | number }>(
    `SELECT COUNT(*) AS total FROM ${table} ${whereClause(where.sql)}`,
    where.parameters,
  );
  return { items, next, total: Number(counted?.total) };
}

/** A place in a flow's runs, newest first. */
export interface Position {
  readonly created_at: Date;
  readonly id: string;
}

/** The index from which a flow's runs are read. */
export const historyIndex = 'idx_executions_history';
/** The order of a flow's runs. */
export const newest = { column: 'e.created_at', id: 'e.id', direction: 'desc' } as const;

/** Which of a flow's runs to read. */
interface NewestFirst {
  /** The columns of `protection_flow_executions e`. */
  readonly columns: string;
  readonly flowId: string;
  /** Only runs older than this one; null or undefined: from the newest on. */
  readonly position?: Position | null;
  readonly limit: number;
  /** Further conditions, each with AND in front. */
  readonly condition?: string;
  readonly parameters?: readonly unknown[];
}

/**
 * Selects a flow's runs, newest first, backwards from idx_executions_history, to which InnoDB appends the id. Without the
 * hint, MariaDB reads every run from the newest up to the page: if a table scan seems cheaper than the range, it drops the
 * range and falls back to `ref` (seen on 10.11).
 */
export function selectNewestFirst<Row extends object>(
  session: Session,
  { columns, flowId, position, limit, condition = '', parameters = [] }: NewestFirst,
): Promise<Row[]> {
  const from = position ? behind(newest, { value: position.created_at, id: position.id }) : null;
  return withIndex<Row>(
    session,
    historyIndex,
    (hint) =>
      `SELECT ${columns} FROM protection_flow_executions e ${hint}
        WHERE e.flow_id = ? ${from ? `AND ${from.condition}` : ''} ${condition} ORDER BY e.created_at DESC, e.id DESC LIMIT ?`,
    [flowId, ...(from?.parameters ?? []), ...parameters, limit],
  );
}
