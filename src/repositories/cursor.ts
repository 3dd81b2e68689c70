import { createHash } from 'node:crypto';
import { refuse, type Reader } from '../arguments';
import { isStorableTimestamp } from '../domain';

/** The place in a list that is ordered by created_at and id, newest first. */
export interface Position {
  readonly created_at: Date;
  readonly id: string;
}

/** A part of a list. */
export interface Page<Item> {
  readonly items: Item[];
  /** Give it as `after` for the next page; null: this was the last one. */
  readonly next: string | null;
  /** How many rows there are in all, where it was asked for. */
  readonly total?: number;
}

/** What keeps a text that was cut, changed or made up from being taken for a place in a list. No secret: it guards no data. */
const checkOf = (place: string): string =>
  createHash('sha256').update(`page ${place}`).digest('base64url').slice(0, 8);

/** A position as opaque text. */
export function cursorOf({ created_at, id }: Position): string {
  const place = JSON.stringify([created_at.getTime(), id]);
  return `${Buffer.from(place).toString('base64url')}.${checkOf(place)}`;
}

function positionOf(cursor: string): Position | null {
  try {
    const place = Buffer.from(cursor.slice(0, cursor.indexOf('.')), 'base64url').toString();
    const [ms, id] = JSON.parse(place) as [number, string];
    const position = { created_at: new Date(ms), id };
    // Written again it has to be the same text: JSON and base64 have many ways to write one thing
    return isStorableTimestamp(position.created_at) && typeof id === 'string' && cursorOf(position) === cursor
      ? position
      : null;
  } catch {
    return null;
  }
}

/** The `next` of the page before as the position it stands for; null: from the beginning. */
export const cursor: Reader<Position | null> = (value, field, faults) => {
  if (value === undefined || value === null) return null;
  const position = typeof value === 'string' ? positionOf(value) : null;
  return position ?? refuse(faults, field, 'isCursor', 'must be the `next` of the page before');
};

/** SQL for the rows behind a position, newest first; the index gives both the order and the place to begin. */
export function behind(alias: string): string {
  return `(${alias}.created_at < ? OR (${alias}.created_at = ? AND ${alias}.id < ?))`;
}

/** The parameters of {@link behind}. */
export function behindParameters({ created_at, id }: Position): unknown[] {
  return [created_at, created_at, id];
}

/** Makes a page of one row more than was asked for: that there is one more, tells that there is a next page. */
export function pageOf<Item extends Position>(rows: Item[], limit: number): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
