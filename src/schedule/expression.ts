import { readProperties, type Reader } from '../arguments';
import { CronPattern } from 'croner';

/** A schedule as `replication_schedules` holds it. */
export interface CronSchedule {
  /**
   * Five fields (minute, hour, day of month, month, weekday), six with the seconds first, or one of `@hourly`, `@daily`,
   * `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`. At most 100 characters.
   */
  readonly cron_expression: string;
  /** The IANA time zone whose clock the expression speaks of. Null: UTC. */
  readonly timezone: string | null;
}

const scheduleFields = ['cron_expression', 'timezone'] satisfies (keyof CronSchedule)[];

/** A schedule, whatever its properties hold: what is wrong with them is for {@link scheduleFaults} to say. */
export const aSchedule: Reader<CronSchedule> = (value, field, faults) =>
  readProperties(value, field, scheduleFields, faults, null) as CronSchedule | null as CronSchedule;

/** One thing that is wrong with a schedule. */
export interface ScheduleFault {
  readonly field: keyof CronSchedule;
  /** The fault, a sentence that begins with the field's name. */
  readonly message: string;
}

/** A fault with its way out, as the error tells it. */
export interface RemediedFault extends ScheduleFault {
  readonly remedy: string;
}

/** What a field of a cron expression is called, and what it takes. */
interface FieldRule {
  readonly name: string;
  /** Where a step from a number on ends. */
  readonly max: number;
  readonly values: string;
  /** What it takes besides values, ranges, steps and lists, as the end of a sentence. */
  readonly also?: string;
}

/** The six fields in their order; an expression of five has no seconds. */
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

/** The names that stand for a whole expression. */
const macros: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** An expression that was read. What it says means something only where there are no faults. */
export interface Expression {
  /** Second, minute, hour, day of month, month, weekday. */
  readonly fields: readonly string[];
  /** Whether its hours are all 24, however that is spelled. */
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

/** The fields as croner understands them; null where it doesn't. */
function parse(fields: readonly string[]): CronPattern | null {
  try {
    return new CronPattern(fields.join(' '));
  } catch {
    return null;
  }
}

/** Whether a field is right, whatever the others are. */
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
 * A field in the words that croner and robfig/cron understand alike, if croner understands it at all.
 *
 * A step from a number on (5/15) gets its end: croner refuses it, or, if asked to take it, takes 99/15 as well, which is no
 * minute at all. And SUN-SUN would be every day to croner, which reads the last SUN of a range as 7.
 */
function spelledOut(field: string, { max }: FieldRule): string {
  return field.replace(/(^\+?|,)(\w+)\//g, `$1$2-${max}/`).replace(/\bSUN-SUN\b/gi, '0-0');
}

/**
 * A field that takes every value is `*`, however it is spelled: only then does the other one of day of month and weekday
 * decide alone. (robfig/cron does the same: a star counts as one where its step is 1.)
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
 * Besides `*`, numbers, ranges, steps and lists it takes names (MON, JAN) in any case; `?` as `*`; `5/15` as 5-59/15; 7 as
 * Sunday; L and W in the day of month; `#1` to `#5`, `#L` and L after a weekday; `+` before the weekday, so that day of month
 * *and* weekday must fit. It refuses a year, `@every`, `@reboot`, a time zone (`TZ=`), and steps longer than their field
 * (`*` by 90 minutes), which elsewhere silently mean something else. Never throws.
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
