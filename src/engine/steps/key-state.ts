import { compareForeignKey, describeDifference, doTheSame } from '../schema/compare';
import { unvalidatedMark } from '../schema/declared-parts';
import { alterSql, dropForeignKeySql, expectedText } from '../schema/ddl';
import type { Alignment } from './modify-column';
import { keyObstacles, obstacle, type KeyObstacle } from './key-obstacles';
import { note, statement } from './remedy';
import { named, type ForeignKey, type Schema, type Table } from '../schema/shape';

export type { KeyObstacle } from './key-obstacles';

/** The state of a declared key in the live schema. */
export type KeyState =
  | { readonly status: 'present' }
  | { readonly status: 'deferred' }
  | {
      readonly status: 'refused';
      /** Everything that makes the key impossible. */
      readonly obstacles: readonly [KeyObstacle, ...KeyObstacle[]];
    }
  | {
      readonly status: 'to-add';
      readonly child: Table;
      readonly change: KeyChange;
      /** Live keys that the declared one replaces: duplicates under other names, and keys with other rules. */
      readonly replaced: readonly string[];
    };

/** How to add a key. */
export type KeyChange =
  /** No live key does the same. */
  | { readonly how: 'add' }
  /** As `add`, but the child column first gets the charset and collation of its parent column. */
  | { readonly how: 'align-then-add'; readonly align: Alignment }
  /** A duplicate under another name checks new rows already; only the old rows are still to be checked. */
  | { readonly how: 'validate' }
  /** The key is present as declared, but its index makes the server skip the check of some rows: repair the index. */
  | { readonly how: 'index-only' };

const refused = (...obstacles: readonly [KeyObstacle, ...KeyObstacle[]]): KeyState => ({
  status: 'refused',
  obstacles,
});

/**
 * The name of an unvalidated key: the server checks new rows by it, but the old rows are still to be checked. So a key
 * under its own name has no orphans, and the name shows the next run where a dead run stopped.
 */
export const unvalidatedName = (key: ForeignKey): string => `${key.name}${unvalidatedMark}`;

/** True for a key that differs from the declared one only in its rules (ON DELETE, ON UPDATE). */
export const hasOtherRules = (key: ForeignKey, other: ForeignKey): boolean =>
  doTheSame(key, { ...other, onDelete: key.onDelete, onUpdate: key.onUpdate }) && !doTheSame(key, other);

/** True where the server checks every row by the key. */
export const isGuarded = (child: Table, key: ForeignKey): boolean =>
  !child.unguarded?.includes(key.columns[0]);

/**
 * Finds the state of a declared key in the live schema: present, deferred, refused with the obstacles, or to add.
 *
 * @param options `replacing`: the declared key replaces a live key with other rules; by default such a key is refused
 */
export function keyState(
  table: string,
  key: ForeignKey,
  live: Schema,
  { replacing = false }: { readonly replacing?: boolean } = {},
): KeyState {
  const child = live.get(table);
  if (child === undefined) {
    const message = `table ${table}, where ${key.name} starts, does not exist`;
    const restore = note('Restore the table from a backup. Or roll back, and migrate again.');
    return refused(obstacle('SCHEMA_HALF_APPLIED', table, message, restore));
  }
  const found = named(child.foreignKeys, key.name);
  if (found !== undefined) {
    const differences = compareForeignKey(table, key, found);
    const isReplaced = replacing && hasOtherRules(key, found);
    if (differences.length === 0 && !isReplaced && isGuarded(child, key)) return { status: 'present' };
    if (differences.length > 0 && !isReplaced) {
      const message = differences.map(describeDifference).join('; ');
      const drop = statement(alterSql(table, dropForeignKeySql(key.name)));
      const later = note('The next migrate adds the declared key.');
      return refused(obstacle('SCHEMA_HAND_MADE', table, message, later, drop));
    }
  }
  const parent = live.get(key.parentTable);
  if (parent === undefined) return { status: 'deferred' };
  const [first, ...others] = keyObstacles(child, parent, key);
  if (first !== undefined) return refused(first, ...others);
  const superseded = replacing
    ? child.foreignKeys.filter((one) => hasOtherRules(key, one)).map(({ name }) => name)
    : [];
  if (found !== undefined && !superseded.includes(key.name))
    return { status: 'to-add', child, change: { how: 'index-only' }, replaced: [] };
  const duplicates = child.foreignKeys
    .filter((one) => one.name !== key.name && doTheSame(key, one))
    .map(({ name }) => name);
  const change = duplicates.length > 0 ? { how: 'validate' as const } : additionOf(child, key, live);
  return { status: 'to-add', child, change, replaced: [...duplicates, ...superseded] };
}

/** How to add a key of which the child has no duplicate. */
function additionOf(child: Table, key: ForeignKey, live: Schema): KeyChange {
  const column = named(child.columns, key.columns[0]);
  const text = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  if (!column || !text || (column.charset === text.charset && column.collation === text.collation))
    return { how: 'add' };
  return { how: 'align-then-add', align: { column, text } };
}
