import { readProperties, type Reader } from '../arguments';
import { CronPattern } from 'croner';

/** A schedule as `replication_schedules` holds it. */
export interface CronSchedule {
  /**
   * Five fields (minute, hour, day of month, month, weekday), six with the seconds first, or one of `@hourly`, `@daily`,
   * `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`. At most 100 characters.
   */
  readonly cron_expression: string;
  /** The IANA time zone in which the expression is read. Null: UTC. */
  readonly timezone: string | null;
}

const scheduleFields = ['cron_expression', 'timezone'] satisfies (keyof CronSchedule)[];

/** Reads an object with the two properties. {@link scheduleFaults} judges their values. */
export const aSchedule: Reader<CronSchedule> = (value, field, faults) =>
  readProperties(value, field, scheduleFields, faults, null) as CronSchedule | null as CronSchedule;

/** One fault of a schedule. */
export interface ScheduleFault {
  readonly field: keyof CronSchedule;
  /** A sentence about the fault; it begins with the field's name. */
  readonly message: string;
}

/** A fault and its remedy, for the error. */
export interface RemediedFault extends ScheduleFault {
  readonly remedy: string;
}

/** The name of a field of a cron expression, and the values that it accepts. */
interface FieldRule {
  readonly name: string;
  /** The largest number of the field: `5/15` means 5 to `max` in steps of 15. */
  readonly max: number;
  readonly values: string;
  /** What the field accepts besides values, ranges, steps and lists; the end of a sentence. */
  readonly also?: string;
}

/** The six fields in their order. An expression of five fields has no seconds. */
const fieldRules: readonly FieldRule[] = [
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

/** Names of whole expressions. */
const macros: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** A parsed expression. Its fields are valid only if `faults` is empty. */
export interface Expression {
  /** Second, minute, hour, day of month, month, weekday. */
  readonly fields: readonly string[];
  /** True if the hour field selects all 24 hours, in any spelling. */
  readonly everyHour: boolean;
  readonly faults: readonly RemediedFault[];
}

/** The width of `replication_schedules.cron_expression`. */
const maxLength = 100;

const howToWrite =
  'Write cron_expression as minute, hour, day of month, month and weekday: "30 2 * * *" is half past two every night.';

const fault = (message: string, remedy = howToWrite): RemediedFault => ({
  field: 'cron_expression',
  message: `cron_expression ${message}`,
  remedy,
});

const refused = (message: string, remedy?: string): Expression => ({
  fields: [],
  everyHour: false,
  faults: [fault(message, remedy)],
});

const quoted = (text: string): string => JSON.stringify(text);

/** Parses the fields with croner; null if croner refuses them. */
function parse(fields: readonly string[]): CronPattern | null {
  try {
    return new CronPattern(fields.join(' '));
  } catch {
    return null;
  }
}

/** True if the field is valid by itself: all others are `*` here. */
const isRight = (field: string, rule: FieldRule): boolean =>
  parse(fieldRules.map((each) => (each === rule ? spelledOut(field, rule) : '*'))) !== null;

function fieldFaults(fields: readonly string[]): RemediedFault[] {
  return fieldRules.flatMap((rule, position) => {
    const field = fields[position] ?? '';
    if (isRight(field, rule)) return [];
    const also = rule.also === undefined ? '' : `; ${rule.also}`;
    return fault(
      `has a wrong ${rule.name}, ${quoted(field)}: it takes *, values of ${rule.values}, rising ranges, steps, ` +
        `and lists of these${also}`,
    );
  });
}

/**
 * Rewrites a field so that croner reads it as robfig/cron does.
 *
 * A step from a number on (5/15) gets an end. Croner refuses it without one; its option that allows it also allows 99/15,
 * and no minute is 99. SUN-SUN becomes 0-0: croner reads the second SUN of a range as 7, so it would mean every day.
 */
function spelledOut(field: string, { max }: FieldRule): string {
  return field.replace(/(^\+?|,)(\w+)\//g, `$1$2-${max}/`).replace(/\bSUN-SUN\b/gi, '0-0');
}

/**
 * Writes a field that accepts every value as `*`. If day of month or weekday is `*`, the other one decides alone.
 * robfig/cron does the same: a star with step 1 is a plain star.
 */
function plainStar(field: string): string {
  return /(^|,)[*?](\/0*1)?(,|$)/.test(field) ? '*' : field;
}

function readFields(text: string): Expression {
  const given = text.split(/[ \t]+/);
  if (given.length !== 5 && given.length !== 6)
    return refused(
      'must have five fields (minute, hour, day of month, month, weekday), or six with the seconds first, ' +
        `not ${given.length}`,
    );
  const written = given.length === 5 ? ['0', ...given] : given;
  const fields = fieldRules.map((rule, position) => spelledOut(written[position] ?? '', rule));
  const pattern = parse(fields);
  return {
    fields: fields.map(plainStar),
    everyHour: pattern?.hour.every(Boolean) ?? false,
    faults: pattern ? [] : fieldFaults(written),
  };
}

function readMacro(text: string): Expression {
  const known = macros.get(text.toLowerCase());
  if (known !== undefined) return readFields(known);
  if (/^@every\b/i.test(text))
    return refused(
      `must name times of the clock, not an interval as ${quoted(text)} does`,
      'Write the interval as a step: "*/5 * * * *" is every five minutes, "0 */2 * * *" every two hours.',
    );
  return refused(`has an unknown name, ${quoted(text)}: it takes ${[...macros.keys()].join(', ')}`);
}

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`;

/**
 * Reads a cron expression: five fields, six with the seconds first, or a macro. Spaces and tabs separate fields.
 *
 * Accepts `*`, numbers, ranges, steps and lists; names (MON, JAN) in any case; `?` as `*`; `5/15` as 5-59/15; 7 as
 * Sunday; L and W in the day of month; `#1` to `#5`, `#L` and L after a weekday. With `+` before the weekday, day of month
 * *and* weekday must match. Refuses a year, `@every`, `@reboot`, a time zone (`TZ=`), and a step longer than its field
 * (90 minutes): other programs silently read such a step as something else. Never throws.
 */
export function readExpression(value: unknown): Expression {
  if (typeof value !== 'string') return refused('must be a text');
  const { length } = [...value];
  if (length > maxLength) return refused(`must have at most ${maxLength} characters, not ${length}`);
  const text = value.replace(/^[ \t]+|[ \t]+$/g, '');
  if (text === '') return refused('must not be blank');
  const foreign = /[^\t\x20-\x7e]/u.exec(text)?.[0];
  if (foreign !== undefined) return refused(`must not hold the character ${codePoint(foreign)}`);
  if (/^(CRON_)?TZ=/i.test(text))
    return refused(
      `must not name a time zone, as ${quoted(text)} does`,
      'Move the name of the time zone from cron_expression into timezone.',
    );
  return text.startsWith('@') ? readMacro(text) : readFields(text);
}
