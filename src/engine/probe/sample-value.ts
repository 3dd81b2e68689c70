import { randomInt, randomUUID } from 'node:crypto';
import { quoteText } from '../server/queryable';
import { columnType, integerRange, isBinary, isText, someValue, widthOf } from '../schema/column-type';
import { isRequired, type Column } from '../schema/shape';
import { NotProvable } from './answers';

/** A text that no row has, as long as a column of that type takes. */
function unusedText(type: string): string {
  const text = `verify-${randomUUID()}`;
  return text.slice(Math.max(0, text.length - widthOf(type)));
}

const isCounted = ({ extra, default: text }: Column): boolean =>
  /auto_increment/.test(extra) || /nextval|next value/.test(text ?? '');

/**
 * True where a probe has to name the column: it is NOT NULL and has no default, or a counter fills it, which no rollback
 * sets back.
 */
export const hasToBeNamed = (column: Column): boolean => isRequired(column) || isCounted(column);

/** No random number is larger. */
const largest = 2_147_483_647;

/** A negative number, which is hardly ever used, and leaves AUTO_INCREMENT as it is; an unsigned column has none. */
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
 * @param unused true where no row may have the value yet: the column is of a key
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
