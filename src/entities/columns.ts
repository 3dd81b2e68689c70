import type { ColumnOptions, ValueTransformer } from 'typeorm';
import { toWholeSecond } from '../domain';

/**
 * Replaces a value that must not be written. It throws only when mysql2 makes the statement's text. TypeORM's `save()`
 * runs transformers before the subscribers: a transformer that threw would report the first wrong field alone, and the
 * validation would never list all of them.
 */
class Unstorable {
  constructor(private readonly fault: string) {}

  /** mysql2 calls this when it puts the value into the statement. */
  toSqlString(): never {
    throw new RangeError(this.fault);
  }
}

/**
 * Truncates written dates to whole seconds: the server would round up, into the future. TypeORM transforms the dates of
 * a `where` as well, so the date that a row was saved with finds the row.
 */
export const wholeSeconds: ValueTransformer = {
  to(value: unknown): unknown {
    if (!(value instanceof Date)) return value;
    return Number.isNaN(value.getTime())
      ? new Unstorable('An invalid Date cannot be written')
      : toWholeSecond(value);
  },
  from: (value: unknown): unknown => value,
};

/**
 * Converts a BIGINT to a number (mysql2 returns a string). Reading or writing a number past Number.MAX_SAFE_INTEGER,
 * which would not be exact, throws a RangeError.
 */
export function exactNumber(column: string): ValueTransformer {
  const fault = (value: unknown): string =>
    `${column} is ${String(value)}: beyond Number.MAX_SAFE_INTEGER it can't be held exactly as a number`;
  return {
    to(value: unknown): unknown {
      if (typeof value !== 'number' && typeof value !== 'bigint') return value;
      return Number.isSafeInteger(Number(value)) ? value : new Unstorable(fault(value));
    },
    from(value: unknown): unknown {
      if (typeof value !== 'string' && typeof value !== 'bigint') return value;
      const exact = Number(value);
      if (!Number.isSafeInteger(exact)) throw new RangeError(fault(value));
      return exact;
    },
  };
}

/** A primary key. The program makes ids; the default is for rows that raw SQL inserts. */
export const idColumn = { type: 'varchar', length: 64, default: () => 'uuid()' } as const;

/** A reference to another row's id. */
export const referenceColumn = { type: 'varchar', length: 64, nullable: true } as const;

/** A counter that starts at 0. */
export const counterColumn = { type: 'int', default: 0 } as const;

/** An instant that may be missing. */
export const instantColumn = {
  type: 'timestamp',
  precision: 0,
  nullable: true,
  transformer: wholeSeconds,
} as const satisfies ColumnOptions;

/** The instant of the insert, set by the server. */
export const createdAtColumn = {
  type: 'timestamp',
  precision: 0,
  default: () => 'CURRENT_TIMESTAMP',
  transformer: wholeSeconds,
} as const satisfies ColumnOptions;

/** The instant of the latest change, set by the server. */
export const updatedAtColumn = {
  ...createdAtColumn,
  onUpdate: 'CURRENT_TIMESTAMP',
} as const satisfies ColumnOptions;
