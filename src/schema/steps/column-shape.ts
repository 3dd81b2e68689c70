import { handMade } from '../hand-made';
import type { ProtectionFlowsError } from '../../errors';
import { named, type Column, type Schema } from '../shape';

/** The live column of that name. */
export function liveColumn(live: Schema, table: string, name: string): Column | undefined {
  return named(live.get(table)?.columns ?? [], name);
}

/** What a column is, in words. Its charset and collation are left out: a key's parent may have decided them. */
export function describeColumn(column: Column): string {
  return [
    column.type,
    column.nullable ? 'NULL' : 'NOT NULL',
    column.default === null ? '' : `DEFAULT ${column.default}`,
    column.onUpdateNow ? 'ON UPDATE current_timestamp' : '',
    column.extra,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** True for columns that accept, default and update alike. */
export function sameColumn(left: Column, right: Column): boolean {
  return describeColumn(left) === describeColumn(right);
}

/** SCHEMA_HAND_MADE for a column that is neither what a step expects nor what it makes. */
export function handMadeColumn(
  table: string,
  expected: Column,
  found: Column | undefined,
): ProtectionFlowsError {
  return handMade(`column ${table}.${expected.name}`, [
    {
      object: 'column',
      table,
      name: expected.name,
      property: found === undefined ? 'presence' : 'definition',
      expected: describeColumn(expected),
      actual: found === undefined ? null : describeColumn(found),
    },
  ]);
}
