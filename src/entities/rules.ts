import {
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  Max,
  Min,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { countCharacters, isOneLine, isStorableText, isVisibleText } from '../arguments';
import { isJsonValue, isPlainObject, isStorableTimestamp, timestampRangeText } from '../domain';

/** The class-validator group of the rules that hold for a new row only. */
const onInsert = 'insert';

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');
/** A test that an object of the caller's can't make throw: what can't be looked at does not hold. */
const safely =
  (holds: (value: unknown) => boolean) =>
  (value: unknown): boolean => {
    try {
      return holds(value);
    } catch {
      return false;
    }
  };

function rule(
  name: string,
  holds: (value: unknown) => boolean,
  sentence: (field: string) => string,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: safely(holds),
      defaultMessage: (args?: ValidationArguments) => sentence(args?.property ?? 'value'),
    },
  });
}

function all(...rules: PropertyDecorator[]): PropertyDecorator {
  return (target, property) => rules.forEach((decorate) => decorate(target, property));
}

/** A column without a default: a new row must bring it. */
export const Required = (): PropertyDecorator => IsDefined({ groups: [onInsert] });

/** A column that takes null. */
export const Nullable = (): PropertyDecorator => IsOptional();

/** class-validator's own lets `new String()` pass, which the driver takes for a list of columns. */
const IsText = (): PropertyDecorator =>
  rule(
    'isString',
    (value) => typeof value === 'string',
    (field) => `${field} must be a string`,
  );

/** Of a text only; what is none breaks the rule of {@link IsText} alone. */
const textRule = (
  name: string,
  holds: (text: string) => boolean,
  sentence: (field: string) => string,
): PropertyDecorator => rule(name, (value) => typeof value !== 'string' || holds(value), sentence);

/** A text of at most so many characters, as the server counts them, that does not consist of blanks. */
const Line = (max: number, ...rules: PropertyDecorator[]): PropertyDecorator =>
  all(
    IsText(),
    textRule(
      'isNotBlank',
      (text) => text.trim() !== '',
      (field) => `${field} must not be blank`,
    ),
    textRule(
      'maxLength',
      (text) => countCharacters(text) <= max,
      (field) => `${field} must be shorter than or equal to ${max} characters`,
    ),
    ...rules,
  );

/** What is given to something here: a text of one line, of which every character shows. */
export const Text = ({ max }: { max: number }): PropertyDecorator =>
  Line(
    max,
    textRule(
      'isVisible',
      isVisibleText,
      (field) => `${field} must not hold control characters, invisible ones, or half a surrogate pair`,
    ),
  );

/** A row's id. */
export const Id = (): PropertyDecorator => Text({ max: 64 });

/** A reference to another row, which may be one of the platform's: what it is called is not for us to say. */
export const Reference = (): PropertyDecorator =>
  Line(
    64,
    textRule(
      'isOneLine',
      isOneLine,
      (field) => `${field} must not hold control characters, or half a surrogate pair`,
    ),
  );

/** In bytes. */
const longestText = 65_535;

/** A text for a TEXT column, whose limit is in bytes. It may be empty, and have many lines. */
export const LongText = (): PropertyDecorator =>
  all(
    IsText(),
    textRule(
      'maxLength',
      (text) => utf8Bytes(text) <= longestText,
      (field) => `${field} must be shorter than or equal to ${longestText} bytes of UTF-8`,
    ),
    textRule(
      'isStorable',
      isStorableText,
      (field) => `${field} must not hold a NUL, or half a surrogate pair`,
    ),
  );

/** True or false. class-validator's own lets `new Boolean()` pass. */
export const Flag = (): PropertyDecorator =>
  rule(
    'isBoolean',
    (value) => typeof value === 'boolean',
    (field) => `${field} must be a boolean value`,
  );

/** One of a list of words. */
export const OneOf = (values: readonly string[]): PropertyDecorator => IsIn(values);

/** A whole number from 0 up to what an INT column holds. */
export const Count = (): PropertyDecorator => all(IsInt(), Min(0), Max(2_147_483_647));

/** A whole number from 0 up to what a number holds exactly. */
export const ByteCount = (): PropertyDecorator => all(IsInt(), Min(0), Max(Number.MAX_SAFE_INTEGER));

/** A valid Date in the range of a TIMESTAMP. */
export const Instant = (): PropertyDecorator =>
  rule('isDate', isStorableTimestamp, (field) => `${field} must be a valid Date from ${timestampRangeText}`);

/** A plain object that comes back from a JSON column as it went in. */
export const JsonRecord = (): PropertyDecorator =>
  rule(
    'isJson',
    (value) => isPlainObject(value) && isJsonValue(value),
    (field) => `${field} must be a plain JSON object`,
  );

/**
 * A list of job ids; an empty one is right. Longer than the 64 characters of `backup_jobs.id` is let pass: an id is
 * `backup-<vm>-<unix seconds>`, and a list of what was started is worth keeping whatever the VM is called.
 */
export const JobIds = (): PropertyDecorator =>
  rule(
    'isJson',
    (value) =>
      Array.isArray(value) &&
      // By its places: `every` would pass over those that are empty
      Array.from<unknown>(value).every(
        (id) => isOneLine(id) && id.trim() !== '' && countCharacters(id) <= 512,
      ),
    (field) =>
      `${field} must be a list of job ids, none of them blank, longer than 512 characters or with control characters`,
  );
