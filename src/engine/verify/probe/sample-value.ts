import { randomInt, randomUUID } from 'node:crypto';
import { isRequired } from '../../orphans/mend-orphans';
import { quoteText } from '../../server/queryable';
import type { Column } from '../../schema/shape';
import { NotProvable } from './answers';

/** A text that no row has, as long as a column of that type takes. */
export function uniqueText(type: string): string {
  const length = Number(/^(?:var)?(?:char|binary)\((\d+)\)/.exec(type)?.[1] ?? Infinity);
  const text = `verify-${randomUUID()}`;
  return text.slice(Math.max(0, text.length - length));
}

/**
 * True where a probe has to name the column: it is NOT NULL and nothing fills it, or what fills it is a counter, which
 * no rollback sets back.
 */
export function hasToBeNamed(column: Column): boolean {
  return isRequired(column) || isCounted(column);
}

const isCounted = (column: Column): boolean =>
  /auto_increment/.test(column.extra) || /nextval|next value/.test(column.default ?? '');

/** A negative number leaves AUTO_INCREMENT as it is; an unsigned column has no such number. */
function uncounted(column: Column): string {
  if (!/unsigned/.test(column.type)) return String(-randomInt(1, 128));
  throw new NotProvable(`a probe row would move on the AUTO_INCREMENT of column ${column.name}`, null);
}

/**
 * A value, as SQL, that a column of that type takes: the probe rows of platform tables get one in each column that
 * they must have, whatever the platform's release calls it.
 *
 * @throws NotProvable for a type that no value is known for (a geometry, say)
 */
export function sampleValue(column: Column): string {
  const { type } = column;
  if (isCounted(column)) return uncounted(column);
  const firstValue = /^(?:enum|set)\('((?:[^']|'')*)'/.exec(type)?.[1];
  if (firstValue !== undefined) return `'${firstValue}'`;
  if (/char|text|binary|blob/.test(type)) return quoteText(uniqueText(type));
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
