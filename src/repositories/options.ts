import { count, instantOf, options, optional, that, type Reader } from '../arguments';
import { isStorableTimestamp, timestampRange } from '../domain';

const rangeText = Object.values(timestampRange)
  .map((ms) => new Date(ms).toISOString().replace('.000', ''))
  .join(' to ');

const storable = that<Date>('isDate', isStorableTimestamp, `must be a valid Date from ${rangeText}`);

/** An instant that the database's columns can be compared with; a copy, which its owner can't change. */
export const instant: Reader<Date> = (value, field, faults) => {
  const given = storable(value, field, faults);
  return given === undefined ? given : instantOf(given);
};

/** How many rows at most. */
export function limitOf(max: number, otherwise: number): Reader<number> {
  return optional(count({ min: 1, max }), otherwise);
}

/** `{ limit }`, and nothing else. */
export const onlyLimit = (max: number, otherwise: number) => options({ limit: limitOf(max, otherwise) });
