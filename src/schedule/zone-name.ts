import type { RemediedFault } from './cron-schedule';
import { ZoneClock } from './zone-clock';

/** The names of three letters that the IANA database has. */
const ianaAbbreviations = new Set([
  'CET',
  'EET',
  'EST',
  'GMT',
  'HST',
  'MET',
  'MST',
  'PRC',
  'ROC',
  'ROK',
  'UCT',
  'UTC',
  'WET',
]);

const remedy =
  'Set timezone to a name of the IANA time zone database, such as "Europe/Berlin", or to NULL for UTC.';

function isKnown(name: string): boolean {
  try {
    ZoneClock.of(name);
    return true;
  } catch {
    return false;
  }
}

function reason(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'must be the name of a time zone, or null for UTC';
  const quoted = JSON.stringify(name);
  if (name.trim() === '') return 'must not be blank: null stands for UTC';
  if (name.toLowerCase() === 'local') return `must not be ${quoted}: it is another zone on each machine`;
  if (/^[+-]/.test(name)) return `must be a name, not an offset as ${quoted}, which knows no summer time`;
  if (/^[a-z]{3}$/i.test(name) && !ianaAbbreviations.has(name.toUpperCase()))
    return `must not be the abbreviation ${quoted}, which several zones share`;
  return isKnown(name) ? undefined : `has the unknown name ${quoted}`;
}

/**
 * What is wrong with a schedule's time zone; undefined for null and for an IANA name. Never throws.
 *
 * Stricter than Node in two things. Node takes ICU's old abbreviations, so that BST would be Bangladesh's time. And from
 * version 22 on it takes offsets, which 20 and Go refuse.
 */
export function zoneFault(timezone: unknown): RemediedFault | undefined {
  if (timezone === null) return undefined;
  const fault = reason(timezone);
  return fault === undefined ? undefined : { field: 'timezone', message: `timezone ${fault}`, remedy };
}
