/** The parts of a column's type. */
interface ColumnType {
  /** `varchar`, `int`, `enum` and the like. */
  readonly name: string;
  /** The only number in its parentheses: characters, bytes or digits; null where there is no such number. */
  readonly length: number | null;
  /** The values of an ENUM or SET, each in its quotes; none for any other type. */
  readonly values: readonly string[];
  readonly isUnsigned: boolean;
}

const known = new Map<string, ColumnType>();

function parse(type: string): ColumnType {
  const [, name = '', inside = '', rest = ''] = /^(\w+)(?:\((.*)\))?(.*)$/s.exec(type) ?? [];
  return {
    name,
    length: /^\d+$/.test(inside) ? Number(inside) : null,
    values: /^(enum|set)$/.test(name) ? (inside.match(/'(?:[^']|'')*'/g) ?? []) : [],
    isUnsigned: rest.startsWith(' unsigned'),
  };
}

/** Parses a type, written as in `Column.type`. Each type is parsed once. */
export function columnType(type: string): ColumnType {
  const found = known.get(type) ?? parse(type);
  known.set(type, found);
  return found;
}

const texts = /^((var)?char|(tiny|medium|long)?text|enum|set)$/;
const binaries = /^((var)?binary|(tiny|medium|long)?blob)$/;

/** True for types that have a charset of their own. JSON has none: the server decides it. */
export const isText = (type: string): boolean => texts.test(columnType(type).name);

/** True for the types of bytes. */
export const isBinary = (type: string): boolean => binaries.test(columnType(type).name);

/** The length of a CHAR, VARCHAR, BINARY or VARBINARY, in characters or bytes; Infinity for any other type. */
export function widthOf(type: string): number {
  const { name, length } = columnType(type);
  return /^(var)?(char|binary)$/.test(name) ? (length ?? Infinity) : Infinity;
}

const bits: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};

/** The least and greatest value of an integer type; null for any other type. */
export function integerRange(type: string): { readonly least: bigint; readonly greatest: bigint } | null {
  const { name, isUnsigned } = columnType(type);
  const width = bits[name];
  if (width === undefined) return null;
  return isUnsigned
    ? { least: 0n, greatest: 2n ** width - 1n }
    : { least: -(2n ** (width - 1n)), greatest: 2n ** (width - 1n) - 1n };
}

const values: Readonly<Record<string, string>> = {
  json: "'{}'",
  timestamp: 'CURRENT_TIMESTAMP',
  datetime: 'CURRENT_TIMESTAMP',
  date: 'CURRENT_DATE',
  time: 'CURRENT_TIME',
  year: '2000',
  inet6: "'::1'",
  inet4: "'127.0.0.1'",
};

/** An example value of the type, as SQL; undefined for texts, bytes, numbers and UUIDs, which callers make themselves. */
export function someValue(type: string): string | undefined {
  const parts = columnType(type);
  return parts.values[0] ?? values[parts.name];
}
