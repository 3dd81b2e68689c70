import { date, declareArguments, instantOf } from '../arguments';

/** The first and the last instant that a TIMESTAMP column holds on every tested server, in milliseconds. */
export const timestampRange = {
  from: Date.UTC(1970, 0, 1, 0, 0, 1),
  to: Date.UTC(2038, 0, 19, 3, 14, 7),
} as const;

const readDate = declareArguments('toWholeSecond', { date });

const secondOf = (instant: Date): number => Math.floor(instant.getTime() / 1000) * 1000;

/**
 * The same instant without its fraction of a second. The columns hold whole seconds, and the server would round
 * half a second up, into the future.
 *
 * @throws VALIDATION_FAILED for what is no valid Date
 */
export function toWholeSecond(date: Date): Date {
  return new Date(secondOf(readDate({ date }).date));
}

/** True for a valid date that a TIMESTAMP column can hold. Never throws. */
export function isStorableTimestamp(value: unknown): value is Date {
  const second = secondOf(instantOf(value));
  return second >= timestampRange.from && second <= timestampRange.to;
}
