import { instantOf, isWellFormed } from '../arguments';

/** Properties that may be left out, or be undefined, which is the same: also under `exactOptionalPropertyTypes`. */
export type Optional<Properties> = { [Name in keyof Properties]?: Properties[Name] | undefined };

/** The first and the last instant that a TIMESTAMP column holds on every tested server, in milliseconds. */
export const timestampRange = {
  from: Date.UTC(1970, 0, 1, 0, 0, 1),
  to: Date.UTC(2038, 0, 19, 3, 14, 7),
} as const;

/** The range as the sentences on a wrong instant have it. */
export const timestampRangeText = Object.values(timestampRange)
  .map((ms) => new Date(ms).toISOString().replace('.000', ''))
  .join(' to ');

const secondOf = (instant: Date): number => Math.floor(instant.getTime() / 1000) * 1000;

/**
 * The same instant without its fraction of a second. The columns hold whole seconds, and the server would round
 * half a second up, into the future.
 */
export function toWholeSecond(date: Date): Date {
  return new Date(secondOf(date));
}

/** True for a valid date that a TIMESTAMP column can hold. Never throws. */
export function isStorableTimestamp(value: unknown): value is Date {
  const second = secondOf(instantOf(value));
  return second >= timestampRange.from && second <= timestampRange.to;
}

/** A value that survives a JSON column unchanged. */
type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/**
 * A JSON object: what `destination_config` and `execution_metadata` hold. Nested values are `object` and not JsonValue,
 * as TypeORM's deep types give up on a recursive one ("excessively deep"); `isJsonValue` checks them when the row
 * is written.
 */
export interface JsonObject {
  [key: string]: string | number | boolean | object | null | undefined;
}

/**
 * How deep a JSON value may be nested. MariaDB's JSON_VALID, which guards its JSON columns, gives up beyond 32
 * levels, MySQL beyond 100; a value that only one of the two would take is refused for both.
 */
const maxJsonDepth = 31;

/**
 * True for `{}` and `Object.create(null)`; false for arrays, dates and instances of classes. Never throws.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    // Object.prototype by what it has: that of another realm is another object
    return (
      prototype === null ||
      (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf'))
    );
  } catch {
    return false;
  }
}

/** MySQL's limit for the name of a property, in bytes of UTF-8 (error 3151). */
const longestName = 65_535;

const isName = (name: string): boolean =>
  isWellFormed(name) && (name.length <= longestName / 3 || Buffer.byteLength(name) <= longestName);

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'string') return isWellFormed(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (depth >= maxJsonDepth || typeof value !== 'object') return false;
  // JSON.stringify would write what this gives, wherever it comes from
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
  // By its places: `every` would pass over those that are empty
  if (Array.isArray(value)) return Array.from(value).every((item) => isJson(item, depth + 1));
  if (!isPlainObject(value)) return false;
  return Object.entries(value).every(
    ([name, item]) => item === undefined || (isName(name) && isJson(item, depth + 1)),
  );
}

/**
 * True for a value that comes back from a JSON column as it went in. False for NaN, bigint, functions, dates, halves of
 * surrogate pairs, cycles and anything nested deeper than {@link maxJsonDepth}. A property that is undefined is left out,
 * as JSON does. Never throws.
 */
export function isJsonValue(value: unknown): value is JsonValue {
  try {
    return isJson(value, 0);
  } catch {
    // A getter or a proxy of the caller's
    return false;
  }
}
