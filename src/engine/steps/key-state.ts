import { compareForeignKey, describeDifference, doTheSame } from '../schema/compare';
import { expectedText, type TextSettings } from '../schema/ddl';
import { keyObstacles, type KeyObstacle } from './key-obstacles';
import { named, type Column, type ForeignKey, type Schema, type Table } from '../schema/shape';

export type { KeyObstacle } from './key-obstacles';

/** Where a declared key stands in the live schema. */
export type KeyState =
  | { readonly status: 'present' }
  | { readonly status: 'deferred' }
  | {
      readonly status: 'refused';
      /** The first of them. */
      readonly obstacle: KeyObstacle;
      /** Everything that makes the key impossible. */
      readonly obstacles: readonly KeyObstacle[];
    }
  | {
      readonly status: 'to-add';
      readonly child: Table;
      /** The child column with the parent's charset and collation, where it has another now. */
      readonly align: { readonly column: Column; readonly text: TextSettings } | null;
      /** Keys of other names that do the same: one already guards new rows, and all give way to the declared one. */
      readonly twins: readonly string[];
      /** Keys from the same column to the same parent by other rules, which give way to the declared one. */
      readonly replaced: readonly string[];
      /** True where the key is there as declared, but the server lets rows through: its index is what is to be mended. */
      readonly standing: boolean;
    };

const refused = (obstacle: KeyObstacle): KeyState => ({ status: 'refused', obstacle, obstacles: [obstacle] });

/**
 * The name that a key has from its adding until its rows were looked at: a key under its own name has no orphans, and
 * what a run that died in between left is known by its name.
 */
export const unprovenName = (key: ForeignKey): string => `${key.name}_unproven`;

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
    return refused({
      code: 'SCHEMA_HALF_APPLIED',
      table,
      message: `table ${table}, where ${key.name} starts, does not exist`,
      remedy: '-- Restore the table from a backup; or roll back, and migrate again.',
    });
  }
  const found = named(child.foreignKeys, key.name);
  if (found !== undefined) {
    const differences = compareForeignKey(table, key, found);
    const givesWay = replacing && hasOtherRules(key, found);
    if (differences.length === 0 && !givesWay && isGuarded(child, key)) return { status: 'present' };
    if (differences.length > 0 && !givesWay) {
      return refused({
        code: 'SCHEMA_HAND_MADE',
        table,
        message: differences.map(describeDifference).join('; '),
        remedy: `-- The next migrate adds the declared key.\nALTER TABLE \`${table}\` DROP FOREIGN KEY \`${key.name}\`;`,
      });
    }
  }
  const parent = live.get(key.parentTable);
  if (parent === undefined) return { status: 'deferred' };
  const obstacles = keyObstacles(child, parent, key);
  const [obstacle] = obstacles;
  if (obstacle !== undefined) return { status: 'refused', obstacle, obstacles };
  const column = named(child.columns, key.columns[0]);
  const wanted = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  const differs =
    column && wanted && (column.charset !== wanted.charset || column.collation !== wanted.collation);
  const others = child.foreignKeys.filter(({ name }) => name !== key.name);
  const twins = others.filter((one) => doTheSame(key, one)).map(({ name }) => name);
  const replaced = replacing
    ? child.foreignKeys
        .filter((one) => hasOtherRules(key, one) && !twins.includes(one.name))
        .map(({ name }) => name)
    : [];
  const align = differs ? { column, text: wanted } : null;
  const standing = found !== undefined && !replaced.includes(key.name);
  return { status: 'to-add', child, align, twins, replaced, standing };
}
