import { choice, flag, optional, readBy, readProperties, refuse, that, type Reader } from '../../arguments';
import type { FieldFault } from '../../errors';
import { named, type Check, type Column, type ForeignKey, type Index, type Table } from './shape';

/** The longest name that both servers take, in characters. https://dev.mysql.com/doc/refman/8.4/en/identifier-length.html */
const longestName = 64;

/** The rules that a declared key may have. InnoDB has no SET DEFAULT. */
export const deleteRules = ['CASCADE', 'SET NULL', 'RESTRICT', 'NO ACTION'] as const;

/** Reads a name of at most that many characters. */
function identifierUpTo(longest: number): Reader<string> {
  return that(
    'isIdentifier',
    (value) =>
      typeof value === 'string' &&
      /^[^\p{Cc}\p{Cs}\u{10000}-\u{10FFFF}]+$/u.test(value) &&
      !value.endsWith(' ') &&
      value.length <= longest,
    `must be a name of 1 to ${longest} characters, without control characters and a blank at its end`,
  );
}

/** The name of a table, a column, an index or a constraint. */
export const identifier = identifierUpTo(longestName);

/** A column's type as it goes into SQL. */
export const columnType: Reader<string> = that(
  'isColumnType',
  (value) =>
    typeof value === 'string' &&
    /^[a-z]+(\(\d+(,\d+)?\)|\('([^'\\]|'')*'(,'([^'\\]|'')*')*\))?( unsigned)?( zerofill)?$/.test(value),
  "must be a column type in small letters such as varchar(64), int unsigned or enum('a','b')",
);

/** A text that goes into SQL between quotes. */
export const literalText: Reader<string> = that(
  'isLiteral',
  (value) => typeof value === 'string' && !/[\\\0]/.test(value),
  'must be a text without backslashes',
);

/** A default in canonical form, see `Column.default`. */
export const defaultValue: Reader<string | null> = that(
  'isDefault',
  (value) => value === null || (typeof value === 'string' && /^('([^'\\\0]|'')*'|[^'\s][^\0]*)$/.test(value)),
  'must be null, or what literal(), now and uuid are',
);

/** A condition in SQL, written by the caller. */
export const expression: Reader<string> = that(
  'isExpression',
  (value) => typeof value === 'string' && value.trim() !== '' && !value.includes('\0'),
  'must be a condition in SQL',
);

/** Reads a list, each element under its index. With `what`, the name of an element, the list must not be empty. */
export function listOf<Value>(element: Reader<Value>, what?: string): Reader<readonly Value[]> {
  const mustBe = what === undefined ? 'must be a list' : `must be a list of at least one ${what}`;
  return (value, field, faults) => {
    if (!Array.isArray(value) || (what !== undefined && value.length === 0))
      return refuse(faults, field, 'isList', mustBe);
    for (let at = 0; at < value.length; at += 1) readBy(element, value[at], `${field}[${at}]`, faults);
    return value;
  };
}

/** Reads an object by a reader for each named property, then by `across` where none is wrong. Ignores other properties. */
function shapeOf<Shape>(
  readers: { readonly [Name in keyof Shape]?: Reader<unknown> },
  across?: (shape: Shape, field: string, faults: FieldFault[]) => void,
): Reader<Shape> {
  const all = Object.entries(readers) as [string, Reader<unknown>][];
  return (value, field, faults) => {
    const before = faults.length;
    const names = all.map(([name]) => name);
    const given = readProperties(value, field, names, faults, null);
    for (const [name, reader] of given === null ? [] : all)
      readBy(reader, given?.[name], `${field}.${name}`, faults);
    if (faults.length === before) across?.(value as Shape, field, faults);
    return value as Shape;
  };
}

/** A column, as `column` makes it. */
export const columnShape = shapeOf<Column>({
  name: identifier,
  type: columnType,
  nullable: flag,
  default: defaultValue,
  onUpdateNow: flag,
});

/** An index, as `index` and `unique` make it. */
export const indexShape = shapeOf<Index>({
  name: identifier,
  columns: listOf(shapeOf<Index['columns'][number]>({ name: identifier, descending: flag }), 'column'),
  unique: flag,
});

/** A CHECK, as `check` makes it. */
const checkShape = shapeOf<Check>({ name: identifier, expression });

/** Where a foreign key ends. */
export const keyTarget = shapeOf<{ readonly table: string; readonly column: string }>({
  table: identifier,
  column: identifier,
});

/** The end of a live key's name until its rows are validated. */
export const unvalidatedMark = '_unproven';

/** A foreign key's name, which leaves room for {@link unvalidatedMark}. */
export const keyName = identifierUpTo(longestName - unvalidatedMark.length);

const oneColumn = listOf(identifier, 'column');

/** A foreign key of one column, as `foreignKey` makes it. */
export const keyShape = shapeOf<ForeignKey>(
  {
    name: keyName,
    columns: oneColumn,
    parentTable: identifier,
    parentColumns: oneColumn,
    onDelete: choice(deleteRules),
  },
  ({ columns, parentColumns }, field, faults) => {
    if (columns.length > 1 || parentColumns.length > 1)
      refuse(faults, `${field}.columns`, 'isOne', 'must be one column on either side');
  },
);

type Parts = Pick<Table, 'columns'> & Partial<Pick<Table, 'indexes' | 'checks' | 'primaryKey'>>;

/** The names that the list has already had before. */
function repeated(list: readonly { readonly name: string }[]): string[] {
  const names = list.map(({ name }) => name);
  return names.filter((name, at) => names.indexOf(name) < at);
}

/** Refuses a missing column of the primary key or of an index, and a name that is used twice. */
function assertWhole(
  { columns, primaryKey = ['id'], indexes = [], checks = [] }: Parts,
  field: string,
  faults: FieldFault[],
) {
  for (const key of primaryKey)
    if (!named(columns, key)) refuse(faults, `${field}.columns`, 'hasId', `must have the column ${key}`);
  for (const [name, list] of Object.entries({ columns, indexes, checks }))
    for (const twice of repeated(list))
      refuse(faults, `${field}.${name}`, 'isUnique', `must have ${twice} only once`);
  for (const index of indexes)
    for (const part of index.columns)
      if (!named(columns, part.name))
        refuse(
          faults,
          `${field}.indexes`,
          'isThere',
          `must not have ${index.name} on ${part.name}, which is no column`,
        );
}

const lists = {
  columns: listOf(columnShape, 'column'),
  indexes: optional(listOf(indexShape)),
  checks: optional(listOf(checkShape)),
};

const primaryKey = listOf(identifier, 'column');

/** The parts that `table` is given. */
export const tableParts = shapeOf<Parts>({ ...lists, primaryKey: optional(primaryKey) }, assertWhole);

/** A table, as `table` makes it. */
export const tableShape = shapeOf<Table>({ ...lists, name: identifier, primaryKey }, assertWhole);
