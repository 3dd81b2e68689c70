import { isText } from './column-type';
import { sameExpression } from './expression';
import { describeIndexColumns, expectedText, needsDynamicRows } from './ddl';
import {
  isRequired,
  named,
  type Check,
  type Column,
  type ForeignKey,
  type Index,
  type Schema,
  type Table,
} from './shape';

/** What kind of object differs. */
export type DifferentObject = 'table' | 'primary-key' | 'column' | 'index' | 'check' | 'foreign-key';

/** One difference between the declared and the live schema. */
export interface Difference {
  readonly object: DifferentObject;
  readonly table: string;
  /** The object's name; for a table, the table's. */
  readonly name: string;
  /** What differs: `presence`, `type`, `nullable`, `default`, `collation`, `columns`, … */
  readonly property: string;
  /** Both in words; `actual` is null for a missing object, `expected` for one that is not declared. */
  readonly expected: string | null;
  readonly actual: string | null;
}

/** The properties of an object, each with its value in words, in a fixed order. */
type Properties = readonly (readonly [property: string, value: string])[];

/** True when both values of the property mean the same. */
type Same = (property: string, expected: string, actual: string) => boolean;

const isEqual: Same = (_property, expected, actual) => expected === actual;

/** The properties in which two objects differ. */
const differing = (
  at: Pick<Difference, 'object' | 'table' | 'name'>,
  expected: Properties,
  actual: Properties,
  isSame = isEqual,
): Difference[] =>
  expected.flatMap(([property, value], position) => {
    const found = actual[position]?.[1] ?? '';
    return isSame(property, value, found) ? [] : [{ ...at, property, expected: value, actual: found }];
  });

function columnProperties(column: Column, text: { charset: string; collation: string } | null): Properties {
  return [
    ['type', column.type],
    ['nullable', column.nullable ? 'NULL' : 'NOT NULL'],
    ['default', column.default ?? 'none'],
    ['on-update', column.onUpdateNow ? 'current_timestamp' : 'none'],
    ['charset', text?.charset ?? 'none'],
    ['collation', text?.collation ?? 'none'],
    ['extra', column.extra === '' ? 'none' : column.extra],
  ];
}

const liveText = (column: Column) =>
  isText(column.type) ? { charset: column.charset ?? '', collation: column.collation ?? '' } : null;

const indexProperties = (index: Index): Properties => [
  ['columns', describeIndexColumns(index)],
  ['unique', index.unique ? 'unique' : 'not unique'],
  ['visible', index.visible ? 'visible' : 'ignored by the optimizer'],
  ['kind', index.kind ?? 'BTREE'],
];

function keyProperties(key: ForeignKey): Properties {
  const parent = key.parentDatabase === null ? key.parentTable : `${key.parentDatabase}.${key.parentTable}`;
  return [
    ['columns', key.columns.join(', ')],
    ['parent', `${parent}(${key.parentColumns.join(', ')})`],
    ['on-delete', key.onDelete],
    ['on-update', key.onUpdate],
  ];
}

/** Both servers treat NO ACTION as RESTRICT. */
const isSameOfKey: Same = (property, ...rules) => {
  const [expected, actual] = property.startsWith('on-')
    ? rules.map((rule) => (rule === 'NO ACTION' ? 'RESTRICT' : rule))
    : rules;
  return expected === actual;
};

/** Compares a declared foreign key with the live one of its name. A missing key is a difference too. */
export function compareForeignKey(
  table: string,
  declared: ForeignKey,
  live: ForeignKey | undefined,
): Difference[] {
  const at = { object: 'foreign-key', table, name: declared.name } as const;
  if (live === undefined) {
    const [, parent] = keyProperties(declared);
    return [{ ...at, property: 'presence', expected: parent?.[1] ?? '', actual: null }];
  }
  return differing(at, keyProperties(declared), keyProperties(live), isSameOfKey);
}

const checkProperties = ({ expression, enforced }: Check): Properties => [
  ['expression', expression],
  ['enforced', enforced ? 'ENFORCED' : 'NOT ENFORCED'],
];

const isSameOfCheck: Same = (property, expected, actual) =>
  property === 'expression' ? sameExpression(expected, actual) : expected === actual;

/** Compares every declared object with the live one of its name, property by property. */
function compareNamed<T extends { readonly name: string }>(
  object: DifferentObject,
  table: string,
  declared: readonly T[],
  live: readonly T[],
  properties: (of: T, isDeclared: boolean) => Properties,
  isSame?: Same,
): Difference[] {
  return declared.flatMap((wanted): Difference[] => {
    const at = { object, table, name: wanted.name };
    const found = named(live, wanted.name);
    const expected = properties(wanted, true);
    if (found === undefined) {
      return [{ ...at, property: 'presence', expected: expected[0]?.[1] ?? '', actual: null }];
    }
    return differing(at, expected, properties(found, false), isSame);
  });
}

/** True for an index that may exist without being declared. */
const isAllowed = ({ allowed = [] }: Table, index: Index): boolean => {
  const one = named(allowed, index.name);
  return one !== undefined && describeIndexColumns(one) === describeIndexColumns(index);
};

/**
 * Finds undeclared objects of the live table that change what it accepts: a column that every INSERT must name, a
 * unique index, a CHECK. Other undeclared objects (a nullable column, an index, a key) are no differences.
 */
function compareExtras(declared: Table, live: Table): Difference[] {
  const extra = (object: DifferentObject, name: string, actual: string): Difference => ({
    object,
    table: live.name,
    name,
    property: 'presence',
    expected: null,
    actual,
  });
  return [
    ...live.columns
      .filter((column) => !named(declared.columns, column.name) && isRequired(column))
      .map((column) => extra('column', column.name, `${column.type} NOT NULL without a default`)),
    ...live.indexes
      .filter((index) => !named(declared.indexes, index.name) && index.unique && !isAllowed(declared, index))
      .map((index) => extra('index', index.name, `unique (${describeIndexColumns(index)})`)),
    ...live.checks
      .filter((check) => !named(declared.checks, check.name))
      .map((check) => extra('check', check.name, check.expression)),
  ];
}

/**
 * Compares one declared table with the live one, without foreign keys (see {@link compareForeignKeys}). Both are in
 * canonical form, so that another spelling of the same thing is no difference. Pure.
 *
 * @param declared the whole declared schema, for the keys that decide a column's collation
 * @param live the live tables, parents of foreign keys included
 */
export function compareTable(declared: Schema, table: Table, live: Schema): Difference[] {
  const found = live.get(table.name);
  const at = { object: 'table', table: table.name, name: table.name } as const;
  if (found === undefined) return [{ ...at, property: 'presence', expected: table.engine, actual: null }];
  const settings = (['engine', 'charset', 'collation'] as const).flatMap((property): Difference[] =>
    found[property] === table[property]
      ? []
      : [{ ...at, property, expected: table[property], actual: found[property] }],
  );
  if (found.special !== undefined) {
    settings.push({ ...at, property: 'kind', expected: 'an ordinary table', actual: found.special });
  }
  if (found.rowFormat !== undefined && needsDynamicRows(table)) {
    settings.push({ ...at, property: 'row-format', expected: 'DYNAMIC', actual: found.rowFormat });
  }
  const primary = [table.primaryKey, found.primaryKey].map((columns) => columns.join(', '));
  if (primary[0] !== primary[1]) {
    const name = { object: 'primary-key', table: table.name, name: 'PRIMARY' } as const;
    settings.push({ ...name, property: 'columns', expected: primary[0] ?? '', actual: primary[1] ?? '' });
  }
  return [
    ...settings,
    ...compareNamed('column', table.name, table.columns, found.columns, (column, isDeclared) =>
      columnProperties(column, isDeclared ? expectedText(declared, table, column, live) : liveText(column)),
    ),
    ...compareNamed('index', table.name, table.indexes, found.indexes, indexProperties),
    ...compareNamed('check', table.name, table.checks, found.checks, checkProperties, isSameOfCheck),
    ...compareExtras(table, found),
  ];
}

/** True for keys that differ in their names at most. */
export const doTheSame = (one: ForeignKey, other: ForeignKey): boolean =>
  compareForeignKey('', one, { ...other, name: one.name }).length === 0;

/**
 * Compares the foreign keys of one declared table with the live ones. A key that is missing together with its parent
 * table is deferred, which is no difference. An undeclared key that starts at a declared column is a difference unless it
 * repeats a declared key: it refuses, clears or deletes rows against the declared rules. An undeclared key that repeats a
 * missing declared one is that key under another name, as pt-online-schema-change leaves it.
 */
export function compareForeignKeys(table: Table, live: Schema): Difference[] {
  const found = live.get(table.name)?.foreignKeys ?? [];
  const declared = table.foreignKeys.flatMap((key): Difference[] => {
    const at = { object: 'foreign-key', table: table.name, name: key.name } as const;
    const present = named(found, key.name);
    const hasParent = live.has(key.parentTable);
    if (present === undefined && !hasParent) return [];
    const twin = present === undefined ? found.find((one) => doTheSame(key, one)) : undefined;
    if (twin !== undefined) return [{ ...at, property: 'name', expected: key.name, actual: twin.name }];
    const differences = compareForeignKey(table.name, key, present);
    if (differences.length > 0 || hasParent) return differences;
    const parent = `table ${key.parentTable}`;
    return [{ ...at, property: 'parent', expected: parent, actual: `${parent}, which does not exist` }];
  });
  const others = found.filter(
    (key) =>
      !named(table.foreignKeys, key.name) &&
      key.columns.some((column) => named(table.columns, column)) &&
      !table.foreignKeys.some((one) => doTheSame(one, key)),
  );
  return [
    ...declared,
    ...others.map((key): Difference => {
      const actual = keyProperties(key)
        .map(([property, value]) => `${property} ${value}`)
        .join(', ');
      const at = { object: 'foreign-key', table: table.name, name: key.name } as const;
      return { ...at, property: 'presence', expected: null, actual };
    }),
  ];
}

/** A difference in one line: `column shop_orders.note: type is varchar(100), not varchar(255)`. */
export function describeDifference(difference: Difference): string {
  const { object, table, name, property, expected, actual } = difference;
  const what = object === 'table' ? `table ${table}` : `${object.replace('-', ' ')} ${table}.${name}`;
  if (property !== 'presence') return `${what}: ${property} is ${actual ?? ''}, not ${expected ?? ''}`;
  return actual === null ? `${what} is missing` : `${what} is not declared: ${actual}`;
}
