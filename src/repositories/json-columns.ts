import { isPlainObject, type JsonObject } from '../domain';

/** A value of a JSON column: MariaDB gives its text, MySQL's driver has parsed it, so that a text may be one of JSON's own. */
export function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * Ids of jobs as another program may have stored them. What is no list holds none, as null; what is no text in a list stays
 * in it as its JSON, an id that nobody knows.
 */
export function jobIdsIn(value: unknown): string[] | null {
  const parsed = parsedJson(value);
  if (!Array.isArray(parsed)) return null;
  return parsed.map((id: unknown) => (typeof id === 'string' ? id : JSON.stringify(id)));
}

/** An object as another program may have stored it; what is none is null. */
export function recordIn(value: unknown): JsonObject | null {
  const parsed = parsedJson(value);
  return isPlainObject(parsed) ? (parsed as JsonObject) : null;
}
