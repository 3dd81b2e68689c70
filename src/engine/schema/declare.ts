import {
  choice,
  declareArguments,
  flag,
  optional,
  options as optionsOf,
  that,
  type Reader,
} from '../../arguments';
import { quoteText } from '../server/queryable';
import {
  columnType,
  defaultValue,
  deleteRules,
  expression,
  identifier,
  keyName,
  keyTarget,
  listOf,
  literalText,
  tableParts,
} from './declared-parts';
import type { Check, Column, ForeignKey, Index, ReferentialAction, Table } from './shape';

/** What a column's declaration may say besides its name and type. */
interface ColumnOptions {
  readonly nullable?: boolean | undefined;
  /** In canonical form, see {@link Column.default}: `literal('pending')`, `literal(0)`, `now`, `uuid`. */
  readonly default?: string | null | undefined;
  readonly onUpdateNow?: boolean | undefined;
}

/** The default CURRENT_TIMESTAMP. */
export const now = 'current_timestamp';
/** The default uuid(). */
export const uuid = 'uuid()';

const assertLiteral = declareArguments('literal', {
  value: that<string | number>(
    'isLiteral',
    (value) => Number.isFinite(value) || (typeof value === 'string' && !/[\\\0]/.test(value)),
    'must be a number, or a text without backslashes',
  ),
});

/**
 * A literal default.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for a text with a backslash, whose meaning depends on the sql_mode
 */
export function literal(value: string | number): string {
  assertLiteral({ value });
  return quoteText(String(value));
}

const assertEnum = declareArguments('enumOf', { values: listOf(literalText, 'value') });

/**
 * An ENUM's type.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for an empty list, or a value that is not a text without backslashes
 */
export function enumOf(...values: string[]): string {
  assertEnum({ values });
  return `enum(${values.map(quoteText).join(',')})`;
}

const assertColumn = declareArguments('column', {
  name: identifier,
  type: columnType,
  options: optionsOf({
    nullable: optional(flag),
    default: optional(defaultValue),
    onUpdateNow: optional(flag),
  }),
});

/**
 * A column, NOT NULL unless the options say otherwise.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for an invalid name, or one of more than 64 characters, an invalid type,
 * and invalid options; it names all faults at once, as every function here does
 */
export function column(name: string, type: string, options: ColumnOptions = {}): Column {
  assertColumn({ name, type, options });
  return {
    name,
    type,
    nullable: options.nullable ?? false,
    default: options.default ?? null,
    onUpdateNow: options.onUpdateNow ?? false,
    charset: null,
    collation: null,
    extra: '',
  };
}

/** A column that may be NULL, which is also its default. */
export const nullable = (name: string, type: string): Column => column(name, type, { nullable: true });

/** A column of an index, as it is declared: its name, with ` DESC` after it where it descends. */
const indexedColumn: Reader<string> = (value, field, faults) =>
  identifier(typeof value === 'string' ? nameOf(value) : value, field, faults);

const nameOf = (text: string): string => text.replace(/ DESC$/, '');

const assertIndex = declareArguments('index', {
  name: identifier,
  columns: listOf(indexedColumn, 'column'),
});

/** An index; `'started_at DESC'` for a descending column. */
export function index(name: string, ...columns: string[]): Index {
  assertIndex({ name, columns });
  return {
    name,
    columns: columns.map((text) => ({
      name: nameOf(text),
      descending: text.endsWith(' DESC'),
      prefix: null,
    })),
    unique: false,
    visible: true,
  };
}

/** A unique index. */
export const unique = (name: string, ...columns: string[]): Index => ({
  ...index(name, ...columns),
  unique: true,
});

const assertCheck = declareArguments('check', { name: identifier, expression });

/** An enforced CHECK. */
export function check(name: string, expression: string): Check {
  assertCheck({ name, expression });
  return { name, expression, enforced: true };
}

const assertForeignKey = declareArguments('foreignKey', {
  name: keyName,
  from: identifier,
  to: keyTarget,
  onDelete: choice(deleteRules),
});

/**
 * A foreign key of one column to a parent's key column in the same database.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for a rule that InnoDB does not have, and a name of more than 55
 * characters: until its rows are validated, the live key has nine more
 */
export function foreignKey(
  name: string,
  from: string,
  to: { readonly table: string; readonly column: string },
  onDelete: ReferentialAction,
): ForeignKey {
  assertForeignKey({ name, from, to, onDelete });
  return {
    name,
    columns: [from],
    parentDatabase: null,
    parentTable: to.table,
    parentColumns: [to.column],
    onDelete,
    onUpdate: 'NO ACTION',
  };
}

const assertTable = declareArguments('table', { name: identifier, parts: tableParts });

/**
 * An InnoDB table in utf8mb4_unicode_ci. Its primary key is `id`, unless `primaryKey` names other columns.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for a missing column of the primary key or of an index, a name that is
 * used twice, and invalid parts
 */
export function table(
  name: string,
  parts: {
    readonly columns: readonly Column[];
    readonly primaryKey?: readonly string[] | undefined;
    readonly indexes?: readonly Index[] | undefined;
    readonly checks?: readonly Check[] | undefined;
  },
): Table {
  assertTable({ name, parts });
  return {
    name,
    engine: 'InnoDB',
    charset: 'utf8mb4',
    collation: 'utf8mb4_unicode_ci',
    columns: parts.columns,
    primaryKey: parts.primaryKey ?? ['id'],
    indexes: parts.indexes ?? [],
    checks: parts.checks ?? [],
    foreignKeys: [],
  };
}
