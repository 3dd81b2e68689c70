import type { ValidationArguments } from 'class-validator';
// Each by its own file: the index loads every rule there is, those of telephone numbers too, 320 files
import { IsDefined } from 'class-validator/cjs/decorator/common/IsDefined';
import { IsIn } from 'class-validator/cjs/decorator/common/IsIn';
import { IsOptional } from 'class-validator/cjs/decorator/common/IsOptional';
import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy';
import { Max } from 'class-validator/cjs/decorator/number/Max';
import { Min } from 'class-validator/cjs/decorator/number/Min';
import { IsInt } from 'class-validator/cjs/decorator/typechecker/IsInt';
import { countCharacters, isOneLine, isStorableText, isVisibleText } from '../arguments';
import { isJsonValue, isPlainObject, isStorableTimestamp, timestampRangeText } from '../domain';

/** A rule of one value; `sentence` is the end of one that the field's name begins. What can't be looked at breaks it. */
const rule = (name: string, holds: (value: unknown) => boolean, sentence: string): PropertyDecorator =>
  ValidateBy({
    name,
    validator: {
      // An object of the caller's may throw
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

/** A column without a default: a new row must bring it. The group is of the rules that hold for a new row only. */
export const Required = (): PropertyDecorator => IsDefined({ groups: ['insert'] });

/** A column that takes null. */
export const Nullable = (): PropertyDecorator => IsOptional();

/** class-validator's own lets `new String()` pass, which the driver takes for a list of columns. */
const IsText = (): PropertyDecorator =>
  rule('isString', (value) => typeof value === 'string', 'must be a string');

/** Of a text only; what is none breaks the rule of {@link IsText} alone. */
const textRule = (name: string, holds: (text: string) => boolean, sentence: string): PropertyDecorator =>
  rule(name, (value) => typeof value !== 'string' || holds(value), sentence);

const MaxLength = (max: number, unit: string, lengthOf: (text: string) => number): PropertyDecorator =>
  textRule('maxLength', (text) => lengthOf(text) <= max, `must be shorter than or equal to ${max} ${unit}`);

/** A text of at most so many characters, as the server counts them, that does not consist of blanks. */
const Line = (max: number, ...rules: PropertyDecorator[]): PropertyDecorator =>
  all(
    IsText(),
    textRule('isNotBlank', (text) => text.trim() !== '', 'must not be blank'),
    MaxLength(max, 'characters', countCharacters),
    ...rules,
  );

/** What is given to something here: a text of one line, of which every character shows. */
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

/** A reference to another row, which may be one of the platform's: what it is called is not for us to say. */
export const Reference = (): PropertyDecorator =>
  Line(64, textRule('isOneLine', isOneLine, 'must not hold control characters, or half a surrogate pair'));

/** A text for a TEXT column, whose limit is in bytes. It may be empty, and have many lines. */
export const LongText = (): PropertyDecorator =>
  all(
    IsText(),
    MaxLength(65_535, 'bytes of UTF-8', (text) => Buffer.byteLength(text)),
    textRule('isStorable', isStorableText, 'must not hold a NUL, or half a surrogate pair'),
  );

/** True or false. class-validator's own lets `new Boolean()` pass. */
export const Flag = (): PropertyDecorator =>
  rule('isBoolean', (value) => typeof value === 'boolean', 'must be a boolean value');

/** One of a list of words. */
export const OneOf = (values: readonly string[]): PropertyDecorator => IsIn(values);

/** A whole number from 0 up to what an INT column holds. */
export const Count = (): PropertyDecorator => all(IsInt(), Min(0), Max(2_147_483_647));

/** A whole number from 0 up to what a number holds exactly. */
export const ByteCount = (): PropertyDecorator => all(IsInt(), Min(0), Max(Number.MAX_SAFE_INTEGER));

/** A valid Date in the range of a TIMESTAMP. */
export const Instant = (): PropertyDecorator =>
  rule('isDate', isStorableTimestamp, `must be a valid Date from ${timestampRangeText}`);

/** A plain object that comes back from a JSON column as it went in. */
export const JsonRecord = (): PropertyDecorator =>
  rule('isJson', (value) => isPlainObject(value) && isJsonValue(value), 'must be a plain JSON object');

const isJobId = (id: unknown): boolean => isOneLine(id) && id.trim() !== '' && countCharacters(id) <= 512;

/**
 * A list of job ids; an empty one is right. Longer than the 64 characters of `backup_jobs.id` is let pass: an id is
 * `backup-<vm>-<unix seconds>`, and a list of what was started is worth keeping whatever the VM is called.
 */
export const JobIds = (): PropertyDecorator =>
  rule(
    'isJson',
    // By its places: `every` would pass over those that are empty
    (value) => Array.isArray(value) && Array.from<unknown>(value).every(isJobId),
    'must be a list of job ids, none of them blank, longer than 512 characters or with control characters',
  );
