import { describeColumn } from '../../src/engine/steps/columns';
import { describeIndex } from '../../src/engine/steps/indexes';
import type { Change } from './change';
import {
  printColumn,
  printForeignKey,
  printIndex,
  printTable,
  quoted,
  type Imports,
} from './print-declaration';

/** The constant that a new table is declared as: `flow_tags` → `flowTags`. */
export const constantOf = (table: string): string =>
  table.replace(/\W+/g, '_').replace(/_+(\w)/g, (_match, letter: string) => letter.toUpperCase());

/** A change as the source of its step. */
export function printStep(change: Change, imports: Imports): string {
  switch (change.kind) {
    case 'create-table':
      return imports.step('createTable', constantOf(change.table.name));
    case 'add-column':
      return imports.step('addColumn', quoted(change.table), printColumn(change.column, imports));
    case 'change-column':
      return imports.step(
        'changeColumn',
        quoted(change.table),
        printColumn(change.before, imports),
        printColumn(change.after, imports),
      );
    case 'append-enum-values':
      return imports.step(
        'appendEnumValues',
        quoted(change.table),
        quoted(change.column),
        `{ from: ${JSON.stringify(change.from)}, add: ${JSON.stringify(change.add)} }`,
      );
    case 'add-index':
      return imports.step('addIndex', quoted(change.table), printIndex(change.index, imports));
    case 'replace-index':
      return imports.step(
        'replaceIndex',
        quoted(change.table),
        printIndex(change.before, imports),
        printIndex(change.after, imports),
      );
    case 'drop-index':
      return imports.step('dropIndex', quoted(change.table), printIndex(change.index, imports));
    case 'add-foreign-key':
      return imports.step(
        'addForeignKey',
        quoted(change.table),
        printForeignKey(change.key, imports),
        printIndex(change.index, imports),
      );
  }
}

/** The declarations that stand before the class: one for each new table. */
export function printConstants(changes: readonly Change[], imports: Imports): string {
  return changes
    .map((change) =>
      change.kind === 'create-table'
        ? `const ${constantOf(change.table.name)} = ${printTable(change.table, imports)};\n\n`
        : '',
    )
    .join('');
}

/** A change in words: `adds column protection_flows.owner`. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case 'create-table':
      return `creates table ${change.table.name}`;
    case 'add-column':
      return `adds column ${change.table}.${change.column.name}`;
    case 'change-column':
      return `changes column ${change.table}.${change.before.name} from ${describeColumn(change.before)} to ${describeColumn(change.after)}`;
    case 'append-enum-values':
      return `lets ${change.table}.${change.column} be ${change.add.join(', ')}`;
    case 'add-index':
      return `adds index ${change.table}.${change.index.name}`;
    case 'replace-index':
      return `makes index ${change.table}.${change.before.name} ${describeIndex(change.after)}`;
    case 'drop-index':
      return `drops index ${change.table}.${change.index.name}`;
    case 'add-foreign-key':
      return `adds foreign key ${change.table}.${change.key.name}`;
  }
}
