import type { DriverError } from './failure';

/** A foreign key that keeps a row from being deleted; without names where the server hides a table from the user. */
export interface RestrictingKey {
  readonly key: string | null;
  /** The table whose rows refer to the one that was to go. */
  readonly table: string | null;
}

/** 1217 stands for 1451 where the user may not see the table that refers to the row. */
const rowIsReferenced: readonly (number | undefined)[] = [1451, 1217];

/** The key by which the server has refused to delete a row, on the way down a cascade too; null for any other error. */
export function restrictingKey(error: unknown): RestrictingKey | null {
  const { errno, sqlMessage, message = '', cause } = (error ?? {}) as DriverError & { cause?: unknown };
  if (errno === undefined) return cause === undefined ? null : restrictingKey(cause);
  if (!rowIsReferenced.includes(errno)) return null;
  const [, table = null, key = null] = /`([^`]+)`, CONSTRAINT `([^`]+)`/.exec(sqlMessage ?? message) ?? [];
  return { key, table };
}
