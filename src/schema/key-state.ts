import { compareForeignKey, describeDifference } from './compare';
import { expectedText, isText, type TextSettings } from './ddl';
import { named, type Column, type ForeignKey, type Schema, type Table } from './shape';

/** Why a key can't be added, as an error code and a sentence. */
export interface KeyObstacle {
  readonly code:
    | 'ENGINE_NOT_INNODB'
    | 'FK_TYPE_MISMATCH'
    | 'FK_PARENT_NOT_INDEXED'
    | 'SCHEMA_HAND_MADE'
    | 'SCHEMA_HALF_APPLIED';
  readonly table: string;
  readonly message: string;
  readonly remedy: string;
}

/** Where a declared key stands in the live schema. */
export type KeyState =
  | { readonly status: 'present' }
  | { readonly status: 'deferred' }
  | { readonly status: 'refused'; readonly obstacle: KeyObstacle }
  | {
      readonly status: 'to-add';
      readonly child: Table;
      /** The child column with the parent's charset and collation, where it has another now. */
      readonly align: { readonly column: Column; readonly text: TextSettings } | null;
    };

function typeFamily(type: string): string {
  return isText(type) && !type.startsWith('enum') && !type.startsWith('set') ? 'text' : type;
}

function obstacle(child: Table, parent: Table, key: ForeignKey): KeyObstacle | null {
  const [from = '', to = ''] = [key.columns[0], key.parentColumns[0]];
  for (const table of [child, parent]) {
    if (table.engine === 'InnoDB') continue;
    return {
      code: 'ENGINE_NOT_INNODB',
      table: table.name,
      message: `${table.name} has the engine ${table.engine}; ${key.name} needs InnoDB on both sides`,
      remedy:
        table.engine === 'VIEW'
          ? `${table.name} is a view: a foreign key needs the base table under that name.`
          : `ALTER TABLE \`${table.name}\` ENGINE=InnoDB;`,
    };
  }
  const childColumn = named(child.columns, from);
  const parentColumn = named(parent.columns, to);
  if (childColumn === undefined || parentColumn === undefined) {
    const [table, column] = childColumn === undefined ? [child.name, from] : [parent.name, to];
    return {
      code: 'FK_TYPE_MISMATCH',
      table,
      message: `${table} has no column ${column}, which ${key.name} needs`,
      remedy: `Give ${table} the column ${column}, of a type that can hold ids (varchar(64)).`,
    };
  }
  if (typeFamily(childColumn.type) !== typeFamily(parentColumn.type)) {
    return {
      code: 'FK_TYPE_MISMATCH',
      table: parent.name,
      message: `${key.name}: ${child.name}.${from} is ${childColumn.type}, but ${parent.name}.${to} is ${parentColumn.type}`,
      remedy: `Only a text column can be referenced: make ${parent.name}.${to} a varchar(64).`,
    };
  }
  const indexed = [
    parent.primaryKey,
    ...parent.indexes.filter((one) => one.unique).map((one) => one.columns.map((column) => column.name)),
  ];
  if (!indexed.some((columns) => columns[0] === to && columns.length === 1)) {
    return {
      code: 'FK_PARENT_NOT_INDEXED',
      table: parent.name,
      message: `${parent.name}.${to} has no primary key or unique index of its own, which ${key.name} needs`,
      remedy: `ALTER TABLE \`${parent.name}\` ADD UNIQUE INDEX \`uq_${parent.name}_${to}\` (\`${to}\`);`,
    };
  }
  return null;
}

/** Says where a declared key stands in the live schema: present, deferred, refused with the obstacle, or to add. */
export function keyState(table: string, key: ForeignKey, live: Schema): KeyState {
  const child = live.get(table);
  if (child === undefined) {
    return {
      status: 'refused',
      obstacle: {
        code: 'SCHEMA_HALF_APPLIED',
        table,
        message: `table ${table}, where ${key.name} starts, does not exist`,
        remedy: 'Restore the table from a backup, or roll back and migrate again.',
      },
    };
  }
  const found = named(child.foreignKeys, key.name);
  if (found !== undefined) {
    const differences = compareForeignKey(table, key, found);
    if (differences.length === 0) return { status: 'present' };
    return {
      status: 'refused',
      obstacle: {
        code: 'SCHEMA_HAND_MADE',
        table,
        message: differences.map(describeDifference).join('; '),
        remedy: `ALTER TABLE \`${table}\` DROP FOREIGN KEY \`${key.name}\`; the next migrate adds the declared one.`,
      },
    };
  }
  const parent = live.get(key.parentTable);
  if (parent === undefined) return { status: 'deferred' };
  const blocked = obstacle(child, parent, key);
  if (blocked !== null) return { status: 'refused', obstacle: blocked };
  const column = named(child.columns, key.columns[0] ?? '');
  const wanted = column && expectedText(new Map(), { ...child, foreignKeys: [key] }, column, live);
  const differs =
    column && wanted && (column.charset !== wanted.charset || column.collation !== wanted.collation);
  return { status: 'to-add', child, align: differs ? { column, text: wanted } : null };
}
