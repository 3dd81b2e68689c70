/** The first and the last instant that a TIMESTAMP column holds on every tested server, in milliseconds. */
export const timestampRange = {
  from: Date.UTC(1970, 0, 1, 0, 0, 1),
  to: Date.UTC(2038, 0, 19, 3, 14, 7),
} as const;

/**
 * The same instant without its fraction of a second. The columns hold whole seconds, and the server would round
 * half a second up, into the future.
 */
export function toWholeSecond(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

/** True for a valid date that a TIMESTAMP column can hold. */
export function isStorableTimestamp(value: unknown): value is Date {
  if (!(value instanceof Date)) return false;
  const second = toWholeSecond(value).getTime();
  return second >= timestampRange.from && second <= timestampRange.to;
}
