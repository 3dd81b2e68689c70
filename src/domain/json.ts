/** A value that survives a JSON column unchanged. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/**
 * A JSON object: what `destination_config` and `execution_metadata` hold. Nested values are `object` and not JsonValue,
 * as TypeORM's deep types give up on a recursive one ("excessively deep"); {@link isJsonValue} checks them when the row
 * is written.
 */
export interface JsonObject {
  [key: string]: string | number | boolean | object | null | undefined;
}

/**
 * How deep a JSON value may be nested. MariaDB's JSON_VALID, which guards its JSON columns, gives up beyond 32
 * levels, MySQL beyond 100; a value that only one of the two would take is refused for both.
 */
export const maxJsonDepth = 31;

/** True for `{}` and `Object.create(null)`; false for arrays, dates and instances of classes. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * True for a value that comes back from a JSON column as it went in. False for NaN, bigint, functions, dates,
 * cycles and anything nested deeper than {@link maxJsonDepth}. A property that is undefined is left out, as JSON does.
 */
export function isJsonValue(value: unknown, depth = 0): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (depth >= maxJsonDepth) return false;
  if (Array.isArray(value)) return value.every((item) => isJsonValue(item, depth + 1));
  if (!isPlainObject(value)) return false;
  return Object.values(value).every((item) => item === undefined || isJsonValue(item, depth + 1));
}
