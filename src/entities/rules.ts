import {
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { isJsonValue, isPlainObject, isStorableTimestamp, timestampRange } from '../domain';

/** The class-validator group of the rules that hold for a new row only. */
export const onInsert = 'insert';

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');
/** As the server counts a varchar: by code points. class-validator's own Length leaves variation selectors out. */
const characters = (text: string): number => Array.from(text).length;

function rule(
  name: string,
  holds: (value: unknown) => boolean,
  sentence: (field: string) => string,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: holds,
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

/** A text of at most so many characters, as the server counts them, that does not consist of blanks. */
export const Text = ({ max }: { max: number }): PropertyDecorator =>
  all(
    IsString(),
    rule(
      'isNotBlank',
      (value) => typeof value !== 'string' || value.trim() !== '',
      (field) => `${field} must not be blank`,
    ),
    rule(
      'maxLength',
      (value) => typeof value !== 'string' || characters(value) <= max,
      (field) => `${field} must be shorter than or equal to ${max} characters`,
    ),
  );

/** A row's id, or a reference to one. */
export const Id = (): PropertyDecorator => Text({ max: 64 });

/** A text for a TEXT column, whose limit is in bytes. May be empty. */
export const LongText = ({ maxBytes = 65_535 } = {}): PropertyDecorator =>
  all(
    IsString(),
    rule(
      'maxLength',
      (value) => typeof value !== 'string' || utf8Bytes(value) <= maxBytes,
      (field) => `${field} must be shorter than or equal to ${maxBytes} bytes of UTF-8`,
    ),
  );

/** One of a list of words. */
export const OneOf = (values: readonly string[]): PropertyDecorator => IsIn(values);

/** A whole number from 0 up to what an INT column holds. */
export const Count = (): PropertyDecorator => all(IsInt(), Min(0), Max(2_147_483_647));

/** A whole number from 0 up to what a number holds exactly. */
export const ByteCount = (): PropertyDecorator => all(IsInt(), Min(0), Max(Number.MAX_SAFE_INTEGER));

const rangeText = Object.values(timestampRange)
  .map((ms) => new Date(ms).toISOString().replace('.000', ''))
  .join(' to ');

/** A valid Date in the range of a TIMESTAMP. */
export const Instant = (): PropertyDecorator =>
  rule('isDate', isStorableTimestamp, (field) => `${field} must be a valid Date from ${rangeText}`);

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
      value.every((id) => typeof id === 'string' && id.trim() !== '' && characters(id) <= 512),
    (field) => `${field} must be a list of job ids, none of them blank or longer than 512 characters`,
  );
