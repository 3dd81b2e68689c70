import { validationFailed } from '../errors';

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

/** A position as opaque text. */
export function cursorOf({ created_at, id }: Position): string {
  return Buffer.from(JSON.stringify([created_at.getTime(), id])).toString('base64url');
}

/**
 * The position that a cursor stands for.
 *
 * @throws VALIDATION_FAILED for a text that {@link cursorOf} did not make
 */
export function positionOf(cursor: unknown): Position {
  try {
    const [ms, id] = JSON.parse(Buffer.from(String(cursor), 'base64url').toString()) as [number, string];
    const created_at = new Date(ms);
    if (typeof id === 'string' && !Number.isNaN(created_at.getTime())) return { created_at, id };
  } catch {
    // No JSON: refused below like any other wrong cursor
  }
  throw validationFailed('page', [
    { field: 'after', constraints: { isCursor: 'after must be the `next` of the page before' } },
  ]);
}

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
