import { randomInt, randomUUID } from 'node:crypto';
import { quoteText } from '../server/queryable';
import { columnType, integerRange, isBinary, isText, someValue, widthOf } from '../schema/column-type';
import { isRequired, type Column } from '../schema/shape';
import { NotProvable } from './answers';

/** A text that no row has, cut to the length of the type. */
function unusedText(type: string): string {
  const text = `verify-${randomUUID()}`;
  return text.slice(Math.max(0, text.length - widthOf(type)));
}

const isCounted = ({ extra, default: text }: Column): boolean =>
  /auto_increment/.test(extra) || /nextval|next value/.test(text ?? '');

/**
 * True when a probe has to set the column: every INSERT has to, or else a counter fills it, which no rollback resets.
 */
export const hasToBeNamed = (column: Column): boolean => isRequired(column) || isCounted(column);

/** The largest random number. */
const largest = 2_147_483_647;

/** A negative number: it is hardly ever used, and leaves AUTO_INCREMENT as it is. A large one for an unsigned column. */
function unusedInteger(column: Column): string {
  const signed = integerRange(columnType(column.type).name)?.greatest ?? largest;
  const limit = Math.min(Number(signed), largest);
  if (!columnType(column.type).isUnsigned) return String(-randomInt(1, limit));
  if (!isCounted(column)) return String(randomInt((limit + 1) / 2, limit));
  throw new NotProvable(`a probe row would move on the AUTO_INCREMENT of column ${column.name}`, null);
}

/**
 * A value, as SQL, that the column takes.
 *
 * @param unused true where no row may have the value yet, as in a key
 * @throws NotProvable for a type that no value is known for (a geometry, say)
 */
export function sampleValue(column: Column, unused = false): string {
  const { type } = column;
  if (isCounted(column) || (unused && integerRange(type) !== null)) return unusedInteger(column);
  const some = someValue(type);
  if (some !== undefined) return some;
  if (isText(type) || isBinary(type)) return quoteText(unusedText(type));
  if (integerRange(type) !== null || /^(decimal|float|double|bit)/.test(type)) return '1';
  if (type === 'uuid') return `'${randomUUID()}'`;
  throw new NotProvable(
    `no probe value is known for column ${column.name} of type ${type}`,
    '-- Give the column a default.',
  );
}
