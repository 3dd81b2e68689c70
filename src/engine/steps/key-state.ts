import { compareForeignKey, describeDifference, doTheSame } from '../schema/compare';
import { unvalidatedMark } from '../schema/declared-parts';
import { alterSql, dropForeignKeySql, expectedText } from '../schema/ddl';
import type { Alignment } from './modify-column';
import { keyObstacles, obstacle, type KeyObstacle } from './key-obstacles';
import { note, statement } from './remedy';
import { named, type ForeignKey, type Schema, type Table } from '../schema/shape';

export type { KeyObstacle } from './key-obstacles';

/** Where a declared key stands in the live schema. */
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
    };

/** What is left to be done for a key, by what is there of it. */
export type KeyChange =
  | FreshKey
  /** The rules of the same key differ: those keys give way to the declared one, once that has been brought. */
  | { readonly how: 'supersede'; readonly superseded: readonly string[]; readonly bring: FreshKey }
  /** The key is there as declared, but the server lets rows through: its index is what is to be mended. */
  | { readonly how: 'index-only' };

type FreshKey =
  /** Nothing of it is there. */
  | { readonly how: 'add' }
  /** The child column has another charset or collation than its parent's, and is to get the parent's first. */
  | { readonly how: 'align-then-add'; readonly align: Alignment }
  /** Keys of other names do the same: one guards new rows already, and all give way once the old rows were looked at. */
  | { readonly how: 'validate'; readonly duplicates: readonly string[] };

/** The keys that are there and give way to the declared one. */
export function replacedBy(change: KeyChange): readonly string[] {
  if (change.how === 'supersede') return [...replacedBy(change.bring), ...change.superseded];
  return change.how === 'validate' ? change.duplicates : [];
}

/** What of the change brings the key; null where it is there. */
export const bringing = (change: KeyChange): FreshKey | null => {
  if (change.how === 'index-only') return null;
  return change.how === 'supersede' ? change.bring : change;
};

const refused = (...obstacles: readonly [KeyObstacle, ...KeyObstacle[]]): KeyState => ({
  status: 'refused',
  obstacles,
});

/**
 * The name of a key that is not validated: the server checks new rows by it, and nobody has looked at the old ones. So a
 * key under its own name has no orphans, and the name tells the next run where a dead one stopped.
 */
export const unvalidatedName = (key: ForeignKey): string => `${key.name}${unvalidatedMark}`;

/** True for a key that says what the declared one says, but for its rules. */
export const hasOtherRules = (key: ForeignKey, other: ForeignKey): boolean =>
  doTheSame(key, { ...other, onDelete: key.onDelete, onUpdate: key.onUpdate }) && !doTheSame(key, other);

/** True where the server checks the key in every row. */
export const isGuarded = (child: Table, key: ForeignKey): boolean =>
  !child.unguarded?.includes(key.columns[0]);

/**
 * Says where a declared key stands in the live schema: present, deferred, refused with the obstacles, or to add.
 *
 * @param options `replacing`: a key that is there by other rules is to give way, and not refused
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
    const restore = note('Restore the table from a backup; or roll back, and migrate again.');
    return refused(obstacle('SCHEMA_HALF_APPLIED', table, message, restore));
  }
  const found = named(child.foreignKeys, key.name);
  if (found !== undefined) {
    const differences = compareForeignKey(table, key, found);
    const givesWay = replacing && hasOtherRules(key, found);
    if (differences.length === 0 && !givesWay && isGuarded(child, key)) return { status: 'present' };
    if (differences.length > 0 && !givesWay) {
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
    return { status: 'to-add', child, change: { how: 'index-only' } };
  const bring = freshKey(child, key, live);
  const change: KeyChange = superseded.length === 0 ? bring : { how: 'supersede', superseded, bring };
  return { status: 'to-add', child, change };
}

/** How a key comes that is not there under its own name, keys by other rules left aside. */
function freshKey(child: Table, key: ForeignKey, live: Schema): FreshKey {
  const duplicates = child.foreignKeys
    .filter(({ name }) => name !== key.name)
    .filter((one) => doTheSame(key, one));
  if (duplicates.length > 0) return { how: 'validate', duplicates: duplicates.map(({ name }) => name) };
  const column = named(child.columns, key.columns[0]);
  const text = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  if (!column || !text || (column.charset === text.charset && column.collation === text.collation))
    return { how: 'add' };
  return { how: 'align-then-add', align: { column, text } };
}
