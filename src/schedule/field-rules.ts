/** What a field of a cron expression is called, and what it takes. */
export interface FieldRule {
  readonly name: string;
  /** Where a step from a number on ends. */
  readonly max: number;
  readonly values: string;
  /** What it takes besides values, ranges, steps and lists, as the end of a sentence. */
  readonly also?: string;
}

/** The six fields in their order; an expression of five has no seconds. */
export const fieldRules: readonly FieldRule[] = [
  { name: 'second', max: 59, values: '0-59' },
  { name: 'minute', max: 59, values: '0-59' },
  { name: 'hour', max: 23, values: '0-23' },
  {
    name: 'day of month',
    max: 31,
    values: '1-31',
    also: 'L is the last day, 15W the working day nearest to the 15th',
  },
  { name: 'month', max: 12, values: '1-12 or JAN-DEC' },
  {
    name: 'weekday',
    max: 6,
    values: '0-7 (0 and 7 are Sunday) or SUN-SAT',
    also: 'MON#1 is the first Monday, FRI#L the last Friday',
  },
];

/** The names that stand for a whole expression. */
export const macros: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);
