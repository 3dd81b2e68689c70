import { compareForeignKey, describeDifference } from './compare';
import { expectedText, type TextSettings } from './ddl';
import { keyObstacles, type KeyObstacle } from './key-obstacles';
import { named, type Column, type ForeignKey, type Schema, type Table } from './shape';

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
    };

const refused = (obstacle: KeyObstacle): KeyState => ({ status: 'refused', obstacle, obstacles: [obstacle] });

/** Says where a declared key stands in the live schema: present, deferred, refused with the obstacles, or to add. */
export function keyState(table: string, key: ForeignKey, live: Schema): KeyState {
  const child = live.get(table);
  if (child === undefined) {
    return refused({
      code: 'SCHEMA_HALF_APPLIED',
      table,
      message: `table ${table}, where ${key.name} starts, does not exist`,
      remedy:
        '-- Restore the table from a backup; or roll back and migrate again:\nprotection-flows rollback',
    });
  }
  const found = named(child.foreignKeys, key.name);
  if (found !== undefined) {
    const differences = compareForeignKey(table, key, found);
    if (differences.length === 0) return { status: 'present' };
    return refused({
      code: 'SCHEMA_HAND_MADE',
      table,
      message: differences.map(describeDifference).join('; '),
      remedy: `-- The next migrate adds the declared key.\nALTER TABLE \`${table}\` DROP FOREIGN KEY \`${key.name}\`;`,
    });
  }
  const parent = live.get(key.parentTable);
  if (parent === undefined) return { status: 'deferred' };
  const obstacles = keyObstacles(child, parent, key);
  const [obstacle] = obstacles;
  if (obstacle !== undefined) return { status: 'refused', obstacle, obstacles };
  const column = named(child.columns, key.columns[0] ?? '');
  const wanted = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  const differs =
    column && wanted && (column.charset !== wanted.charset || column.collation !== wanted.collation);
  return { status: 'to-add', child, align: differs ? { column, text: wanted } : null };
}
