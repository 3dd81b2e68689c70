import type { Column } from '../../src/engine/schema/shape';
import { enumValues } from './column-loss';
import type { Change } from './change';

const tablesMade = (changes: readonly Change[]): Set<string> =>
  new Set(changes.flatMap((change) => (change.kind === 'create-table' ? [change.table.name] : [])));

const isNewColumn = (changes: readonly Change[], table: string, name: string): boolean =>
  changes.some(
    (change) => change.kind === 'add-column' && change.table === table && change.column.name === name,
  );

/** What programs of earlier releases can no longer do because of one of the changes; null for nothing. */
function breakageOf(change: Change, all: readonly Change[]): string | null {
  switch (change.kind) {
    case 'change-column':
      return change.before.nullable && !change.after.nullable
        ? `they write NULL into ${change.table}.${change.before.name}, which is refused (1048)`
        : null;
    case 'add-index':
    case 'replace-index': {
      const index = change.kind === 'add-index' ? change.index : change.after;
      return index.unique
        ? `they write rows that share ${index.columns.map(({ name }) => name).join(', ')} of ${change.table}, which ${index.name} refuses (1062)`
        : null;
    }
    case 'add-foreign-key': {
      const { table, key } = change;
      const [column = ''] = key.columns;
      if (key.onDelete === 'RESTRICT' || key.onDelete === 'NO ACTION')
        return `they delete rows of ${key.parentTable} that ${table} names, which ${key.name} refuses (1451)`;
      return tablesMade(all).has(table) || isNewColumn(all, table, column)
        ? null
        : `they write values into ${table}.${column} that ${key.parentTable} does not have, which ${key.name} refuses (1452)`;
    }
    default:
      return null;
  }
}

/**
 * The `breaking` of a generated migration: false if programs of the previous release continue to work, else a text for
 * the developer to complete. What breaks every older program (a column that is dropped or holds less) is refused before.
 */
export function breakingText(changes: readonly Change[]): false | string {
  const breakages = changes.flatMap((change) => breakageOf(change, changes) ?? []);
  if (breakages.length === 0) return false;
  return `Programs of earlier releases fail where ${breakages.join('; where ')}. TODO: say whether any does, from which release on none does, and how to deploy around it; or write false.`;
}

/** True if rows may hold new kinds of values afterwards. */
function holdsMore(before: Column, after: Column): boolean {
  return (!before.nullable && after.nullable) || before.type !== after.type;
}

const caution = 'Let programs write it only when none of the previous release runs any more.';

/** What programs of earlier releases meet once a newer program writes, not because of the migration itself. */
export function newValueHints(changes: readonly Change[]): string[] {
  return changes.flatMap((change) => {
    if (change.kind === 'append-enum-values')
      return [
        `${change.table}.${change.column}: older programs read ${change.add.join(', ')}, which they don't know, once a newer one writes it. ${caution}`,
      ];
    if (change.kind !== 'change-column' || !holdsMore(change.before, change.after)) return [];
    const what = change.after.nullable && !change.before.nullable ? 'NULL' : longerValue(change.after);
    return [
      `${change.table}.${change.after.name}: older programs read ${what}, which they don't expect, once a newer one writes it. ${caution}`,
    ];
  });
}

const longerValue = ({ type }: Column): string =>
  enumValues(type) === null ? `what needs ${type}` : 'a new value';
