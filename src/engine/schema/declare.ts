import type { Check, Column, ForeignKey, Index, ReferentialAction, Table } from './shape';

/** What a column's declaration may say besides its name and type. */
interface ColumnOptions {
  readonly nullable?: boolean | undefined;
  /** Canonical, see {@link Column.default}; `text('pending')`, `number(0)`, `now`, `uuid`. */
  readonly default?: string | null | undefined;
  readonly onUpdateNow?: boolean | undefined;
}

/** The default CURRENT_TIMESTAMP. */
export const now = 'current_timestamp';
/** The default uuid(). */
export const uuid = 'uuid()';
/** A literal default. */
export const literal = (value: string | number): string => `'${value}'`;

/** An ENUM's type. */
export const enumOf = (...values: string[]): string =>
  `enum(${values.map((value) => `'${value}'`).join(',')})`;

/** A column that refuses NULL unless told otherwise. */
export function column(name: string, type: string, options: ColumnOptions = {}): Column {
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

/** A column that may be NULL, and is by default. */
export const nullable = (name: string, type: string): Column => column(name, type, { nullable: true });

/** An index; `'started_at DESC'` for a descending column. */
export function index(name: string, ...columns: string[]): Index {
  return {
    name,
    columns: columns.map((text) => ({
      name: text.replace(/ DESC$/, ''),
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

/** An enforced CHECK. */
export const check = (name: string, expression: string): Check => ({ name, expression, enforced: true });

/** A foreign key of one column to a parent's key column in the same database. */
export function foreignKey(
  name: string,
  from: string,
  to: { readonly table: string; readonly column: string },
  onDelete: ReferentialAction,
): ForeignKey {
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

/** An InnoDB table in utf8mb4_unicode_ci with the primary key `id`. */
export function table(
  name: string,
  parts: {
    readonly columns: readonly Column[];
    readonly indexes?: readonly Index[] | undefined;
    readonly checks?: readonly Check[] | undefined;
  },
): Table {
  return {
    name,
    engine: 'InnoDB',
    charset: 'utf8mb4',
    collation: 'utf8mb4_unicode_ci',
    columns: parts.columns,
    primaryKey: ['id'],
    indexes: parts.indexes ?? [],
    checks: parts.checks ?? [],
    foreignKeys: [],
  };
}
