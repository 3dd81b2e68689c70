import type { ColumnOptions, ValueTransformer } from 'typeorm';
import { toWholeSecond } from '../domain';

/**
 * Stands in a statement for a value that must not be written. It throws when the statement's text is made, not
 * before: TypeORM's `save()` runs transformers to compare values *before* the subscribers run, and a throw there would
 * hide the validation's complete list of wrong fields behind the first of them.
 */
class Unstorable {
  constructor(private readonly fault: string) {}

  /** Called by mysql2 when it puts the value into the statement. */
  toSqlString(): never {
    throw new RangeError(this.fault);
  }
}

/**
 * Truncates to whole seconds on the way in, as the server would round up, into the future. Values of `where` pass here
 * too: a date is compared at whole seconds as well, so a row is found by the very date it was saved with.
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
 * A BIGINT as a number (mysql2 hands it over as a string). Throws a RangeError in both directions where a number
 * would no longer be exact, past Number.MAX_SAFE_INTEGER.
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

/** A primary key: ids come from the program; the default is for rows that are inserted with raw SQL. */
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
