/**
 * Tables as plain data, in one canonical form for both servers. Declared tables, live tables and the tables that a
 * step will make have the same types, so that one comparison serves verify, migrate and adopt.
 */

/** A rule of a foreign key. MySQL and MariaDB treat RESTRICT and NO ACTION alike. */
export type ReferentialAction = 'CASCADE' | 'SET NULL' | 'RESTRICT' | 'NO ACTION' | 'SET DEFAULT';

/** A column. */
export interface Column {
  readonly name: string;
  /** As in a declaration, lower case, without display widths: `varchar(64)`, `enum('a','b')`, `int`, `json`. */
  readonly type: string;
  readonly nullable: boolean;
  /**
   * The default in canonical form: null for none, a quoted literal (`'pending'`, `'0'`), or an expression in
   * lower case (`uuid()`, `current_timestamp`).
   */
  readonly default: string | null;
  /** True for ON UPDATE CURRENT_TIMESTAMP. */
  readonly onUpdateNow: boolean;
  /** Null in a declaration: `expectedText` then takes it from the live parent column or from the table. */
  readonly charset: string | null;
  readonly collation: string | null;
  /** What else the catalog says about the column, such as `auto_increment` or `virtual generated`; usually ''. */
  readonly extra: string;
  /** The expression of a generated column, as SQL; left out for any other column. */
  readonly generated?: string | undefined;
}

/** True when every INSERT has to name the column: it is NOT NULL, and the server does not fill it. */
export const isRequired = ({ nullable, default: value, extra }: Column): boolean =>
  !nullable && value === null && !/auto_increment|generated/.test(extra);

/** A column of an index. */
export interface IndexColumn {
  readonly name: string;
  readonly descending: boolean;
  /** Length of the indexed prefix; null for the whole column. */
  readonly prefix: number | null;
}

/** An index other than the primary key. */
export interface Index {
  readonly name: string;
  readonly columns: readonly IndexColumn[];
  readonly unique: boolean;
  /** False for an index that the optimizer is told to ignore (INVISIBLE, IGNORED). */
  readonly visible: boolean;
  /** `FULLTEXT`, `HASH` and the like; left out for an ordinary B-tree. */
  readonly kind?: string | undefined;
}

/** A CHECK constraint. */
export interface Check {
  readonly name: string;
  /** SQL, as declared or as the catalog shows it; compare with `sameExpression`. */
  readonly expression: string;
  /** False for MySQL's NOT ENFORCED. */
  readonly enforced: boolean;
}

/** A foreign key has one column or more; a declared one has exactly one. */
export type KeyColumns = readonly [string, ...string[]];

/** A foreign key. */
export interface ForeignKey {
  readonly name: string;
  readonly columns: KeyColumns;
  /** Null for the same database, else the parent's. */
  readonly parentDatabase: string | null;
  readonly parentTable: string;
  readonly parentColumns: KeyColumns;
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

/** A table. */
export interface Table {
  readonly name: string;
  readonly engine: string;
  /** `partitioned`, `system versioned` or the like; left out for an ordinary table. */
  readonly special?: string | undefined;
  /** COMPACT or REDUNDANT, which index at most 767 bytes of a column; left out for any other format. */
  readonly rowFormat?: string | undefined;
  readonly charset: string;
  readonly collation: string;
  readonly columns: readonly Column[];
  /** Its columns: `id(10)` for a prefix of one, `id DESC` for a descending one. */
  readonly primaryKey: readonly string[];
  readonly indexes: readonly Index[];
  /** Of a declared table: indexes that one migration added and a later one dropped; left out for none. */
  readonly retired?: readonly Index[] | undefined;
  /** Of a declared table: unique indexes that may exist but need not, see `Guards`; left out for none. */
  readonly allowed?: readonly Index[] | undefined;
  /** Of a live table: columns whose foreign keys the server does not check in every row, see `unguardedColumns`. */
  readonly unguarded?: readonly string[] | undefined;
  readonly checks: readonly Check[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** Tables by name. */
export type Schema = ReadonlyMap<string, Table>;

/** Every foreign key of the schema, with its table. */
export const keysIn = (schema: Schema): { readonly table: Table; readonly key: ForeignKey }[] =>
  [...schema.values()].flatMap((table) => table.foreignKeys.map((key) => ({ table, key })));

/** The schema with `change` applied to the table of that name; the same schema where there is no such table. */
export function withTable(schema: Schema, name: string, change: (table: Table) => Table): Schema {
  const table = schema.get(name);
  return table === undefined ? schema : new Map(schema).set(name, change(table));
}

/** The names of the schema's tables, and of the tables that their keys end at. */
export function withParents(schema: Schema): string[] {
  const parents = keysIn(schema).map(({ key }) => key.parentTable);
  return [...new Set([...schema.keys(), ...parents])];
}

/** The element of that name. */
export function named<T extends { readonly name: string }>(list: readonly T[], name: string): T | undefined {
  return list.find((element) => element.name === name);
}
