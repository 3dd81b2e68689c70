import { compareForeignKeys, doTheSame, type Difference } from '../schema/compare';
import { alterSql, dropForeignKeySql } from '../schema/ddl';
import { hasOtherRules } from '../steps/key-state';
import { quoteName } from '../server/queryable';
import { named, type ForeignKey, type Schema, type Table } from '../schema/shape';
import type { IncomingKey } from './take-off-keys';
import type { Decision } from './repair';

/** The declared key that a live one is, in other clothes: by another name or other rules. */
export function declaredKeyOf(table: Table, live: ForeignKey): ForeignKey | undefined {
  return table.foreignKeys.find((key) => doTheSame(key, live) || hasOtherRules(key, live));
}

/** True for differences that adding the declared key ends: it is absent, or there by other rules. */
function isMended(table: Table, name: string, found: readonly ForeignKey[]): boolean {
  const declared = named(table.foreignKeys, name);
  const live = named(found, name);
  if (declared !== undefined) return live === undefined || hasOtherRules(declared, live);
  const own = live && declaredKeyOf(table, live);
  return own !== undefined && named(found, own.name) === undefined;
}

/** The differences of a table's foreign keys, by the declared key that ends them. */
export function mendedKeyDifferences(table: Table, live: Schema): Map<string, Difference[]> {
  const found = live.get(table.name)?.foreignKeys ?? [];
  const groups = new Map<string, Difference[]>();
  for (const one of compareForeignKeys(table, live)) {
    const other = named(found, one.name);
    if (!isMended(table, one.name, found) || (other && !live.has(other.parentTable))) continue;
    const own = named(table.foreignKeys, one.name) ?? (other && declaredKeyOf(table, other));
    const name = own?.name ?? one.name;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return groups;
}

const dropKey = (table: string, name: string) => ({
  does: 'drops the key',
  sql: [alterSql(table, dropForeignKeySql(name))],
});

/** Keys at our columns that are not ours in other clothes: they refuse, clear or delete rows by a rule of others. */
export function keyDecisions(table: Table, live: Schema): Decision[] {
  const found = live.get(table.name)?.foreignKeys ?? [];
  const mended = new Set([...mendedKeyDifferences(table, live).values()].flat());
  const names = new Set(
    compareForeignKeys(table, live)
      .filter((one) => ![...mended].some((other) => other.name === one.name))
      .map(({ name }) => name),
  );
  return [...names].flatMap((name): Decision[] => {
    const key = named(found, name);
    if (key === undefined) return [];
    const to = `${key.parentTable}(${key.parentColumns.join(', ')})`;
    return [
      {
        table: table.name,
        object: 'foreign-key',
        name,
        differences: compareForeignKeys(table, live).filter((one) => one.name === name),
        rows: null,
        reason: `the foreign key ${name} leads from ${key.columns.join(', ')} to ${to}, ON DELETE ${key.onDelete}: no declared key does`,
        look: null,
        choices: [dropKey(table.name, name)],
      },
    ];
  });
}

/** Keys of others that end at a column which is to change: the server refuses the change, and they are not ours to drop. */
export function incomingKeyDecisions(
  incoming: readonly IncomingKey[],
  declared: Schema,
  live: Schema,
  disturbed: ReadonlySet<string>,
  differences: readonly Difference[],
): Decision[] {
  return incoming
    .filter(({ parentTable, parentColumn }) => disturbed.has(`${parentTable}.${parentColumn}`))
    .filter(({ database, table, name }) => {
      const own = database === null ? declared.get(table) : undefined;
      const key = own && named(live.get(table)?.foreignKeys ?? [], name);
      return !(own && key && declaredKeyOf(own, key));
    })
    .map(({ name, database, table, column, parentTable, parentColumn }) => {
      const label = database === null ? table : `${database}.${table}`;
      const sql = database === null ? quoteName(table) : `${quoteName(database)}.${quoteName(table)}`;
      return {
        table: parentTable,
        object: 'column',
        name: parentColumn,
        differences: differences.filter((one) => one.table === parentTable && one.name === parentColumn),
        rows: null,
        reason: `${parentTable}.${parentColumn} has to change, and the foreign key ${name} of ${label}.${column} ends there: no server changes it under a key, and the key is not ours`,
        look: null,
        choices: [
          {
            does: `drops the key; once adopted, give ${label}.${column} the collation of ${parentTable}.${parentColumn} and add it again`,
            sql: [`ALTER TABLE ${sql} ${dropForeignKeySql(name)}`],
          },
        ],
      };
    });
}
