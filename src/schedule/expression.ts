import { CronPattern } from 'croner';
import type { RemediedFault } from './cron-schedule';
import { fieldRules, macros, type FieldRule } from './field-rules';

/** An expression that was read: its fields, which mean something only where there are no faults. */
export interface Expression {
  /** Second, minute, hour, day of month, month, weekday. */
  readonly fields: readonly string[];
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
  faults: [fault(message, remedy)],
});

const quoted = (text: string): string => JSON.stringify(text);

function parses(fields: readonly string[]): boolean {
  try {
    // Steps from a number to the end (5/15) are robfig/cron's and Quartz's, and off in croner if not asked for
    new CronPattern(fields.join(' '), undefined, { mode: '6-part', sloppyRanges: true });
    return true;
  } catch {
    return false;
  }
}

/** Whether a field is right, whatever the others are. */
function isRight(field: string, rule: FieldRule): boolean {
  // Croner would read the missing start of "/5" as *, which no other cron does
  return !/(^|,)\//.test(field) && parses(fieldRules.map((each) => (each === rule ? field : '*')));
}

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
  const fields = given.length === 5 ? ['0', ...given] : given;
  return { fields: fields.map(plainStar), faults: fieldFaults(fields) };
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
