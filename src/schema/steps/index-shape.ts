import type { ProtectionFlowsError } from '../../errors';
import { describeIndexColumns } from '../compare';
import { handMade } from '../hand-made';
import { named, type Index, type Schema } from '../shape';

/** The live index of that name. */
export function liveIndex(live: Schema, table: string, name: string): Index | undefined {
  return named(live.get(table)?.indexes ?? [], name);
}

/** What an index is, in words: `unique (name)`, `(flow_id, started_at DESC)`. */
export function describeIndex(index: Index): string {
  return `${index.unique ? 'unique ' : ''}(${describeIndexColumns(index)})`;
}

/** True for indexes over the same columns in the same order, both unique or both not. */
export function sameIndex(left: Index, right: Index): boolean {
  return describeIndex(left) === describeIndex(right);
}

/** True where the other index begins with all columns of this one, in the same order. */
export function isPrefixOf(index: Index, other: Index): boolean {
  const beginning = { ...other, columns: other.columns.slice(0, index.columns.length), unique: index.unique };
  return sameIndex(index, beginning);
}

/** SCHEMA_HAND_MADE for an index that is neither what a step expects nor what it makes. */
export function handMadeIndex(
  table: string,
  expected: Index,
  found: Index | undefined,
): ProtectionFlowsError {
  return handMade(`index ${table}.${expected.name}`, [
    {
      object: 'index',
      table,
      name: expected.name,
      property: found === undefined ? 'presence' : 'columns',
      expected: describeIndex(expected),
      actual: found === undefined ? null : describeIndex(found),
    },
  ]);
}
