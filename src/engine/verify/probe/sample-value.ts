import { randomInt, randomUUID } from 'node:crypto';
import { isRequired } from '../../orphans/find-orphans';
import { quoteText } from '../../server/queryable';
import type { Column } from '../../schema/shape';
import { NotProvable } from './answers';

/** A text that no row has, as long as a column of that type takes. */
function unusedText(type: string): string {
  const length = Number(/^(?:var)?(?:char|binary)\((\d+)\)/.exec(type)?.[1] ?? Infinity);
  const text = `verify-${randomUUID()}`;
  return text.slice(Math.max(0, text.length - length));
}

const isCounted = ({ extra, default: text }: Column): boolean =>
  /auto_increment/.test(extra) || /nextval|next value/.test(text ?? '');

/**
 * True where a probe has to name the column: it is NOT NULL and has no default, or a counter fills it, which no rollback
 * sets back.
 */
export const hasToBeNamed = (column: Column): boolean => isRequired(column) || isCounted(column);

const largest: Readonly<Record<string, number>> = { tiny: 127, small: 32_767, medium: 8_388_607 };

/** A negative number, which is hardly ever used, and leaves AUTO_INCREMENT as it is; an unsigned column has none. */
function unusedInteger(column: Column): string {
  const limit = largest[/^(\w*)int/.exec(column.type)?.[1] ?? ''] ?? 2_147_483_647;
  if (!/unsigned/.test(column.type)) return String(-randomInt(1, limit));
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
  if (isCounted(column) || (unused && /^(tiny|small|medium|big)?int/.test(type)))
    return unusedInteger(column);
  const firstValue = /^(?:enum|set)\('((?:[^']|'')*)'/.exec(type)?.[1];
  if (firstValue !== undefined) return `'${firstValue}'`;
  if (/char|text|binary|blob/.test(type)) return quoteText(unusedText(type));
  if (/^(tiny|small|medium|big)?int|^decimal|^float|^double|^bit/.test(type)) return '1';
  if (/^(timestamp|datetime)/.test(type)) return 'CURRENT_TIMESTAMP';
  if (/^date/.test(type)) return 'CURRENT_DATE';
  if (/^time/.test(type)) return 'CURRENT_TIME';
  if (/^year/.test(type)) return '2000';
  if (type === 'json') return "'{}'";
  if (/^uuid/.test(type)) return `'${randomUUID()}'`;
  if (/^inet6/.test(type)) return "'::1'";
  if (/^inet4/.test(type)) return "'127.0.0.1'";
  throw new NotProvable(
    `no probe value is known for column ${column.name} of type ${type}`,
    '-- Give the column a default.',
  );
}
