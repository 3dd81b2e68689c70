import { instantOf, isWellFormed } from '../arguments';

/** Properties that may be left out or be undefined, also under `exactOptionalPropertyTypes`. */
export type Optional<Properties> = { [Name in keyof Properties]?: Properties[Name] | undefined };

/** The first and the last instant that a TIMESTAMP column holds on every tested server, in milliseconds. */
export const timestampRange = {
  from: Date.UTC(1970, 0, 1, 0, 0, 1),
  to: Date.UTC(2038, 0, 19, 3, 14, 7),
} as const;

/** The range as text, for messages about a wrong instant. */
export const timestampRangeText = Object.values(timestampRange)
  .map((ms) => new Date(ms).toISOString().replace('.000', ''))
  .join(' to ');

const secondOf = (instant: Date): number => Math.floor(instant.getTime() / 1000) * 1000;

/**
 * Returns the instant without its fraction of a second. The columns hold whole seconds, and the server would round half
 * a second up, into the future.
 */
export function toWholeSecond(date: Date): Date {
  return new Date(secondOf(date));
}

/** True for a valid date that a TIMESTAMP column can hold. Never throws. */
export function isStorableTimestamp(value: unknown): value is Date {
  const second = secondOf(instantOf(value));
  return second >= timestampRange.from && second <= timestampRange.to;
}

/** A value that a JSON column returns unchanged. */
type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/**
 * A JSON object, as in `destination_config` and `execution_metadata`. Nested values have the type `object`, because
 * TypeORM's types fail on a recursive type ("excessively deep"). `isJsonValue` checks them when the row is written.
 */
export interface JsonObject {
  [key: string]: string | number | boolean | object | null | undefined;
}

/**
 * How deep a JSON value may be nested. MariaDB's JSON_VALID, which checks its JSON columns, refuses more than 32 levels,
 * MySQL more than 100. A value that one of the two would refuse is refused for both.
 */
const maxJsonDepth = 31;

/** True for `{}` and `Object.create(null)`; false for arrays, dates and instances of classes. Never throws. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    // Recognized by its properties: each realm has another Object.prototype
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
  // JSON.stringify would write the result of toJSON() instead
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
  // Array.from: `every` would skip the holes of a sparse array
  if (Array.isArray(value)) return Array.from(value).every((item) => isJson(item, depth + 1));
  if (!isPlainObject(value)) return false;
  return Object.entries(value).every(
    ([name, item]) => item === undefined || (isName(name) && isJson(item, depth + 1)),
  );
}

/**
 * True for a value that a JSON column returns unchanged. False for NaN, bigint, functions, dates, halves of surrogate
 * pairs, cycles and values nested deeper than {@link maxJsonDepth}. Undefined properties are ignored, as in JSON. Never
 * throws.
 */
export function isJsonValue(value: unknown): value is JsonValue {
  try {
    return isJson(value, 0);
  } catch {
    // A getter or proxy of the caller threw
    return false;
  }
}
