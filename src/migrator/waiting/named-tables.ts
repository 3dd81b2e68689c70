const name = '(?:`(?:[^`]|``)+`|[A-Za-z0-9_$]+)';
const reference = new RegExp(
  `(?:\\b(?:TABLE(?:\\s+IF(?:\\s+NOT)?\\s+EXISTS)?|REFERENCES|FROM|JOIN|INTO)|(?<!\\b(?:ON|FOR)\\s)\\bUPDATE)\\s+` +
    `(${name})(?:\\s*\\.\\s*(${name}))?`,
  'gi',
);

const unquoted = (text: string): string =>
  text.startsWith('`') ? text.slice(1, -1).replaceAll('``', '`') : text;

/** A table that a statement names; `schema` is null for one of the session's database. */
export interface NamedTable {
  readonly schema: string | null;
  readonly name: string;
}

/** The tables that one of this package's own statements names, those that a foreign key refers to among them. Pure. */
export function namedTables(sql: string): NamedTable[] {
  const tables = new Map<string, NamedTable>();
  for (const [, first = '', second] of sql.matchAll(reference)) {
    const table =
      second === undefined
        ? { schema: null, name: unquoted(first) }
        : { schema: unquoted(first), name: unquoted(second) };
    if (table.schema !== 'information_schema') tables.set(JSON.stringify(table), table);
  }
  return [...tables.values()];
}
