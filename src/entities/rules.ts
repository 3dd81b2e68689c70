import type { ValidationArguments } from 'class-validator';
// Each from its own file: the index loads every rule, also that of telephone numbers, which are 320 files
import { IsDefined } from 'class-validator/cjs/decorator/common/IsDefined';
import { IsIn } from 'class-validator/cjs/decorator/common/IsIn';
import { IsOptional } from 'class-validator/cjs/decorator/common/IsOptional';
import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy';
import { Max } from 'class-validator/cjs/decorator/number/Max';
import { Min } from 'class-validator/cjs/decorator/number/Min';
import { IsInt } from 'class-validator/cjs/decorator/typechecker/IsInt';
import { countCharacters, isOneLine, isStorableText, isVisibleText } from '../arguments';
import { isJsonValue, isPlainObject, isStorableTimestamp, timestampRangeText } from '../domain';

/** Makes a rule for one value. Messages are the field's name and `sentence`. A value that throws when read breaks the rule. */
const rule = (name: string, holds: (value: unknown) => boolean, sentence: string): PropertyDecorator =>
  ValidateBy({
    name,
    validator: {
      // The caller's object may throw
      validate: (value: unknown) => {
        try {
          return holds(value);
        } catch {
          return false;
        }
      },
      defaultMessage: (args?: ValidationArguments) => `${args?.property ?? 'value'} ${sentence}`,
    },
  });

function all(...rules: PropertyDecorator[]): PropertyDecorator {
  return (target, property) => rules.forEach((decorate) => decorate(target, property));
}

/** A column without a default: a new row must give it. Rules of the group `insert` apply to new rows only. */
export const Required = (): PropertyDecorator => IsDefined({ groups: ['insert'] });

/** A column that takes null. */
export const Nullable = (): PropertyDecorator => IsOptional();

/** class-validator's own rule accepts `new String()`, which the driver takes for a list of columns. */
const IsText = (): PropertyDecorator =>
  rule('isString', (value) => typeof value === 'string', 'must be a string');

/** A rule for texts. Any other value passes, because it breaks {@link IsText}. */
const textRule = (name: string, holds: (text: string) => boolean, sentence: string): PropertyDecorator =>
  rule(name, (value) => typeof value !== 'string' || holds(value), sentence);

const MaxLength = (max: number, unit: string, lengthOf: (text: string) => number): PropertyDecorator =>
  textRule('maxLength', (text) => lengthOf(text) <= max, `must be shorter than or equal to ${max} ${unit}`);

/** A text with at most `max` characters, as the server counts them, and not only blanks. */
const Line = (max: number, ...rules: PropertyDecorator[]): PropertyDecorator =>
  all(
    IsText(),
    textRule('isNotBlank', (text) => text.trim() !== '', 'must not be blank'),
    MaxLength(max, 'characters', countCharacters),
    ...rules,
  );

/** A text of one line with only visible characters, such as a name. */
export const Text = ({ max }: { max: number }): PropertyDecorator =>
  Line(
    max,
    textRule(
      'isVisible',
      isVisibleText,
      'must not hold control characters, invisible ones, or half a surrogate pair',
    ),
  );

/** A row's id. */
export const Id = (): PropertyDecorator => Text({ max: 64 });

/** A reference to another row. Less strict than {@link Id}: the platform chooses its own ids. */
export const Reference = (): PropertyDecorator =>
  Line(64, textRule('isOneLine', isOneLine, 'must not hold control characters, or half a surrogate pair'));

/** A text for a TEXT column, whose limit is in bytes. It may be empty or have many lines. */
export const LongText = (): PropertyDecorator =>
  all(
    IsText(),
    MaxLength(65_535, 'bytes of UTF-8', (text) => Buffer.byteLength(text)),
    textRule('isStorable', isStorableText, 'must not hold a NUL, or half a surrogate pair'),
  );

/** True or false. class-validator's own rule accepts `new Boolean()`. */
export const Flag = (): PropertyDecorator =>
  rule('isBoolean', (value) => typeof value === 'boolean', 'must be a boolean value');

/** One of a list of words. */
export const OneOf = (values: readonly string[]): PropertyDecorator => IsIn(values);

/** A whole number from 0 to the largest INT. */
export const Count = (): PropertyDecorator => all(IsInt(), Min(0), Max(2_147_483_647));

/** A whole number from 0 to the largest that a JavaScript number holds exactly. */
export const ByteCount = (): PropertyDecorator => all(IsInt(), Min(0), Max(Number.MAX_SAFE_INTEGER));

/** A valid Date in the range of a TIMESTAMP column. */
export const Instant = (): PropertyDecorator =>
  rule('isDate', isStorableTimestamp, `must be a valid Date from ${timestampRangeText}`);

/** A plain object that a JSON column returns unchanged. */
export const JsonRecord = (): PropertyDecorator =>
  rule('isJson', (value) => isPlainObject(value) && isJsonValue(value), 'must be a plain JSON object');

const isJobId = (id: unknown): boolean => isOneLine(id) && id.trim() !== '' && countCharacters(id) <= 512;

/**
 * A list of job ids, which may be empty. Ids may be longer than the 64 characters of `backup_jobs.id`: an id is
 * `backup-<vm>-<unix seconds>`, and the list is worth keeping for VMs with long names too.
 */
export const JobIds = (): PropertyDecorator =>
  rule(
    'isJson',
    // Array.from: `every` would skip the holes of a sparse array
    (value) => Array.isArray(value) && Array.from<unknown>(value).every(isJobId),
    'must be a list of job ids, none of them blank, longer than 512 characters or with control characters',
  );
