import type { Place } from './cursor';

/** What a list is ordered by. */
export interface Order {
  /** With the alias: `f.created_at`. */
  readonly column: string;
  /** What decides between rows of one value, in the same direction: `f.id`. */
  readonly id: string;
  readonly direction: 'asc' | 'desc';
  /** The column may be null: such rows come last in both directions. Default: false. */
  readonly isNullable?: boolean;
  /** No two rows have the same value, so the id decides nothing, and an index of the column alone gives the order. */
  readonly isUnique?: boolean;
}

/** A part of a list that one index gives in order. */
export interface Segment {
  readonly condition: string;
  readonly parameters: readonly unknown[];
  readonly orderBy: string;
}

/**
 * SQL for the rows behind a place; the index gives both the order and where to begin.
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
 * The parts of a list from a place on: the rows that have a value, then those that have none. As one part, those without
 * would come first in one direction.
 */
export function segmentsFrom(order: Order, place: Place | null): Segment[] {
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

/** Reads segment after segment until there are so many rows. */
export async function readSegments<Row>(
  segments: readonly Segment[],
  limit: number,
  read: (segment: Segment, limit: number) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const segment of segments) {
    if (rows.length >= limit) break;
    rows.push(...(await read(segment, limit - rows.length)));
  }
  return rows;
}

/** `WHERE a AND b`, or nothing. */
export function whereClause(...conditions: readonly string[]): string {
  const given = conditions.filter((condition) => condition !== '');
  return given.length === 0 ? '' : `WHERE ${given.join(' AND ')}`;
}
