import { types } from 'node:util';
import { refuse, type Reader } from './read-arguments';
import { countCharacters, isOneLine, isStorableText, isVisibleText } from './text';

/** A value that passes a test. `sentence` is the fault, as the end of a sentence that the field's name begins. */
export function that<Value>(
  rule: string,
  holds: (value: unknown) => boolean,
  sentence: string,
): Reader<Value> {
  return (value, field, faults) => (holds(value) ? (value as Value) : refuse(faults, field, rule, sentence));
}

/** A value that may be undefined; `otherwise` is used then. */
export function optional<Value>(reader: Reader<Value>): Reader<Value | undefined>;
export function optional<Value, Otherwise extends Value | null>(
  reader: Reader<Value>,
  otherwise: Otherwise,
): Reader<Value | Otherwise>;
export function optional(reader: Reader<unknown>, otherwise?: unknown): Reader<unknown> {
  return (value, field, faults) => (value === undefined ? otherwise : reader(value, field, faults));
}

/** A value that may be null; undefined means null too. */
export function nullable<Value>(reader: Reader<Value>): Reader<Value | null> {
  return (value, field, faults) =>
    value === undefined || value === null ? null : reader(value, field, faults);
}

const isText = (value: unknown, max: number): boolean =>
  isOneLine(value) && value.trim() !== '' && countCharacters(value) <= max;

const sentenceOf = (max: number): string => `must be a text of 1 to ${max} characters, not blank`;

const idOf = (max: number): Reader<string> =>
  that('isId', (value) => isText(value, max), `${sentenceOf(max)}, without control characters`);

/** A row's id, or a reference to one. */
export const id = idOf(64);

/** The id of a backup job, which may hold the long name of a VM. */
export const jobId = idOf(512);

/** The name of a flow, a worker and the like. */
export const name: Reader<string> = that(
  'isName',
  (value) => isText(value, 255) && isVisibleText(value),
  `${sentenceOf(255)}, without control and invisible characters`,
);

/** The elements of an array, each read once, with undefined for empty places; null for any other value. */
function readList(value: unknown): unknown[] | null {
  return Array.isArray(value) ? Array.from({ length: value.length }, (_, at) => value[at] as unknown) : null;
}

/** A list of ids of at most `max` characters each. Keeps their order. */
const idList =
  (max: number): Reader<string[]> =>
  (value, field, faults) => {
    const list = readList(value);
    if (list !== null && list.every((one) => isText(one, max))) return list as string[];
    const each = `each ${sentenceOf(max).slice('must be '.length)}, without control characters`;
    return refuse(faults, field, 'isIds', `must be a list of ids, ${each}`);
  };

/** The ids of backup jobs. */
export const jobIds = idList(512);

const rowIds = idList(64);

/** The ids of rows, without duplicates. */
export const ids: Reader<string[]> = (value, field, faults) => [...new Set(rowIds(value, field, faults))];

/** The ids of at most `most` rows, without duplicates. */
export function idsUpTo(most: number): Reader<string[]> {
  return (value, field, faults) => {
    const list = ids(value, field, faults);
    return list.length <= most
      ? list
      : refuse(faults, field, 'isIds', `must be a list of at most ${most} ids`);
  };
}

/** A text of many lines for a TEXT column, which holds 65,535 bytes. */
export const longText: Reader<string> = that(
  'isStorable',
  (value) => isStorableText(value) && Buffer.byteLength(value) <= 65_535,
  'must be a text of at most 65535 bytes of UTF-8, without NUL',
);

/** A whole number from `min` to `max`. */
export function count({ min, max }: { readonly min: number; readonly max: number }): Reader<number> {
  const holds = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return that('isInt', holds, `must be a whole number from ${min} to ${max}`);
}

/** True or false; no other value that JavaScript would take for them. */
export const flag = that<boolean>(
  'isBoolean',
  (value) => typeof value === 'boolean',
  'must be true or false',
);

/** One of a list of words. */
export function choice<const Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  const sentence = `must be one of the following values: ${choices.join(', ')}`;
  return that('isIn', (value) => choices.includes(value as Choice), sentence);
}

/** One or several of a list of words, without duplicates. */
export function choices<const Choice extends string>(known: readonly Choice[]): Reader<Choice[]> {
  return (value, field, faults) => {
    const list = readList(value);
    return list !== null && list.length > 0 && list.every((one) => known.includes(one as Choice))
      ? ([...new Set(list)] as Choice[])
      : refuse(faults, field, 'isIn', `must be one or several of the following values: ${known.join(', ')}`);
  };
}

/** A copy of a Date, which the caller can't change; an invalid Date for any other value. */
export function instantOf(value: unknown): Date {
  return types.isDate(value) ? new Date(Date.prototype.getTime.call(value)) : new Date(NaN);
}

/** A valid Date. */
export const date: Reader<Date> = (value, field, faults) => {
  const instant = instantOf(value);
  return Number.isNaN(instant.getTime()) ? refuse(faults, field, 'isDate', 'must be a valid Date') : instant;
};

/** A callback. */
export const callback = <Call>(): Reader<Call> =>
  that<Call>('isFunction', (value) => typeof value === 'function', 'must be a function');

/** An AbortSignal; also one of a library, which is not an instance of Node's class. */
export const abortSignal: Reader<AbortSignal> = that(
  'isAbortSignal',
  (value) => {
    const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
    return typeof aborted === 'boolean' && typeof addEventListener === 'function';
  },
  'must be an AbortSignal',
);
