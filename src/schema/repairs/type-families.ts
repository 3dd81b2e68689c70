import { quoteName } from '../queryable';
import { isText } from '../ddl';
import type { Column } from '../shape';
import { misfitCondition } from '../steps/misfits';

function family(type: string): string {
  if (isText(type) && !type.startsWith('set(')) return 'text';
  if (/^(tiny|small|medium|big)?int\b/.test(type)) return 'integer';
  return /^timestamp/.test(type) ? 'timestamp' : type;
}

/** True where a value of the one type is the same value in the other, if it fits: a text in an ENUM, an int in a bigint. */
export function isConvertible(from: string, to: string): boolean {
  return family(from) === family(to) || (family(from) === 'text' && to === 'json');
}

/** A condition that is true for values that a conversion between charsets would change. */
function lossCondition(from: Column, to: Column): string | null {
  if (to.charset === null || from.charset === null || to.charset === 'utf8mb4' || to.charset === from.charset)
    return null;
  const utf8 = (sql: string): string => `CAST(CONVERT(${sql} USING utf8mb4) AS BINARY)`;
  const name = quoteName(from.name);
  return `NOT (${utf8(`CONVERT(${name} USING ${to.charset})`)} <=> ${utf8(name)})`;
}

/**
 * A condition that is true for the values of a column that another definition of it would refuse or change, NULLs
 * aside; null where it takes them all.
 */
export function unfitCondition(from: Column, to: Column): string | null {
  const name = quoteName(from.name);
  const conditions = [
    misfitCondition({ ...from, nullable: to.nullable }, to),
    to.type === 'json' && from.type !== 'json' ? `NOT JSON_VALID(${name})` : null,
    from.type !== to.type && /^timestamp\(/.test(from.type) ? `MICROSECOND(${name}) <> 0` : null,
    lossCondition(from, to),
  ].filter((one) => one !== null);
  return conditions.length === 0 ? null : conditions.join(' OR ');
}
