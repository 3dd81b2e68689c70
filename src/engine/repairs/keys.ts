import { labelOf, sqlNameOf } from '../orphans/rows';
import type { IncomingKey } from '../schema/catalog/read-foreign-keys';
import { compareForeignKeys, doTheSame, type Difference } from '../schema/compare';
import { alterSql, altering, dropForeignKeySql, online } from '../schema/ddl';
import { isGuard } from '../schema/guarded-columns';
import { named, withTable, type ForeignKey, type Index, type Schema, type Table } from '../schema/shape';
import { addForeignKey } from '../steps/add-foreign-key';
import { hasOtherRules } from '../steps/key-state';
import { decisionOn, type Decision, type Repair } from './repair';

/** A foreign key of one of our tables. */
export interface KeyAt {
  readonly table: string;
  readonly key: ForeignKey;
}

/** The columns, as `table.column`, that the server changes only while no key uses them (1832, 1833, 3780). */
export function disturbedColumns(differences: readonly Difference[]): Set<string> {
  const columns = differences.flatMap(({ object, table, name, property, expected, actual }) => {
    if (object === 'primary-key') return (expected ?? '').split(', ').map((column) => `${table}.${column}`);
    if (object !== 'column' || expected === null || actual === null) return [];
    const isAny = ['type', 'charset', 'collation', 'nullable'].includes(property);
    return isAny || (property === 'extra' && actual.includes('generated')) ? [`${table}.${name}`] : [];
  });
  return new Set(columns);
}

/** The keys of those tables that start or end at a disturbed column. */
export function keysInTheWay(
  live: Schema,
  tables: readonly string[],
  disturbed: ReadonlySet<string>,
): KeyAt[] {
  return tables.flatMap((table) =>
    (live.get(table)?.foreignKeys ?? [])
      .filter(
        (key) =>
          key.columns.some((column) => disturbed.has(`${table}.${column}`)) ||
          (key.parentDatabase === null &&
            key.parentColumns.some((column) => disturbed.has(`${key.parentTable}.${column}`))),
      )
      .map((key) => ({ table, key })),
  );
}

/** Drops keys whose columns have to change. {@link keyRepairs} adds the declared ones again. */
export function takeOffKeys(keys: readonly KeyAt[]): Repair {
  const tables = [...new Set(keys.map(({ table }) => table))];
  const isTaken = (table: string, { name }: ForeignKey): boolean =>
    keys.some((one) => one.table === table && one.key.name === name);
  return {
    title: `take ${keys.map(({ key }) => key.name).join(', ')} off until the columns are changed`,
    tables,
    differences: [],
    rows: 0,
    declare: (schema) =>
      tables.reduce((all, table) => withoutKeys(all, table, (key) => isTaken(table, key)), schema),
    plan: (live) =>
      tables.flatMap((table) => {
        const own = (live.get(table)?.foreignKeys ?? []).filter((key) => isTaken(table, key));
        const drops = own.map(({ name }) => dropForeignKeySql(name));
        return drops.length === 0 ? [] : [altering(table, online, ...drops)];
      }),
    undo: () => [],
  };
}

/** The schema without those keys of a table. */
export const withoutKeys = (schema: Schema, table: string, isGone: (key: ForeignKey) => boolean): Schema =>
  withTable(schema, table, (shape) => ({
    ...shape,
    foreignKeys: shape.foreignKeys.filter((key) => !isGone(key)),
  }));

/** The declared key that matches a live key under another name or other rules. */
export function declaredKeyOf(table: Table, live: ForeignKey): ForeignKey | undefined {
  return table.foreignKeys.find((key) => doTheSame(key, live) || hasOtherRules(key, live));
}

/** True when adding the declared key ends the difference: the key is missing, or has other rules. */
function isMended(table: Table, name: string, found: readonly ForeignKey[]): boolean {
  const declared = named(table.foreignKeys, name);
  const live = named(found, name);
  if (declared !== undefined) return live === undefined || hasOtherRules(declared, live);
  const own = live && declaredKeyOf(table, live);
  return own !== undefined && named(found, own.name) === undefined;
}

/** The differences that adding a declared key ends, by the name of that key. */
function mendedKeyDifferences(table: Table, live: Schema): Map<string, Difference[]> {
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

/** The decisions about live keys that match no declared key: they refuse, clear or delete rows by undeclared rules. */
export function keyDecisions(table: Table, live: Schema): Decision[] {
  const all = compareForeignKeys(table, live);
  const mended = new Set([...mendedKeyDifferences(table, live).values()].flat().map(({ name }) => name));
  const names = new Set(all.map(({ name }) => name).filter((name) => !mended.has(name)));
  return [...names].flatMap((name): Decision[] => {
    const key = named(live.get(table.name)?.foreignKeys ?? [], name);
    if (key === undefined) return [];
    const to = `${key.parentTable}(${key.parentColumns.join(', ')})`;
    const differences = all.filter((one) => one.name === name);
    return [
      decisionOn(
        { table: table.name, object: 'foreign-key', name, differences },
        `the foreign key ${name} from ${key.columns.join(', ')} to ${to}, ON DELETE ${key.onDelete}, is not declared`,
        { does: 'drops the key', sql: [alterSql(table.name, dropForeignKeySql(name))] },
      ),
    ];
  });
}

/** The decisions about undeclared keys that end at a disturbed column: adopt may not drop them, and they block the change. */
export function incomingKeyDecisions(
  incoming: readonly IncomingKey[],
  declared: Schema,
  live: Schema,
  disturbed: ReadonlySet<string>,
  differences: readonly Difference[],
): Decision[] {
  return incoming
    .flatMap((key) => key.columns.map(([column, parentColumn]) => ({ ...key, column, parentColumn })))
    .filter(({ parentTable, parentColumn }) => disturbed.has(`${parentTable}.${parentColumn}`))
    .filter(({ database, table, name }) => {
      const own = database === null ? declared.get(table) : undefined;
      const key = own && named(live.get(table)?.foreignKeys ?? [], name);
      return !(own && key && declaredKeyOf(own, key));
    })
    .map(({ name, database, table, column, parentTable, parentColumn }) => {
      const child = { database, name: table };
      const from = `${labelOf(child)}.${column}`;
      const to = `${parentTable}.${parentColumn}`;
      return decisionOn(
        {
          ...{ table: parentTable, object: 'column', name: parentColumn },
          differences: differences.filter((one) => one.table === parentTable && one.name === parentColumn),
        },
        `${to} has to change, but the foreign key ${name} of ${from} ends there: no server changes such a column, and the key is not declared`,
        {
          does: `drops the key; after adopt, give ${from} the type and collation of ${to}, and add the key again`,
          sql: [`ALTER TABLE ${sqlNameOf(child)} ${dropForeignKeySql(name)}`],
        },
      );
    });
}

/** The declared index for a key: where there is one, an index by which MySQL checks every row, see guarded-columns.ts. */
function indexOf(table: Table, key: ForeignKey): Index {
  const all = table.indexes.filter(({ columns }) => columns[0]?.name === key.columns[0]);
  const index = all.find((one) => isGuard(table, one)) ?? all[0];
  if (index === undefined) throw new Error(`no index of ${table.name} is declared for ${key.name}`);
  return index;
}

/** A repair for each declared key. It decides from the live tables whether it still has to run. */
export function keyRepairs(declared: Schema, live: Schema): Repair[] {
  return [...declared.values()].flatMap((table) => {
    const differences = live.has(table.name) ? mendedKeyDifferences(table, live) : null;
    return table.foreignKeys.map((key): Repair => ({
      ...addForeignKey(table.name, key, indexOf(table, key), { replacing: true }),
      differences: differences?.get(key.name) ?? [],
      rows: 0,
    }));
  });
}
