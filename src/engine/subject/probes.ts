/** The values of a row, as plain text, by column. */
export type ProbeValues = Readonly<Record<string, string | null>>;

/** A table's rows, as verify names and makes them. */
export interface TableProbe {
  /** What one row is called, and what several are: `order`, `orders`. */
  readonly one: string;
  readonly many: string;
  /** What the table's CHECKs want of a row. verify gives a value of its own to every other column that needs one. */
  readonly row?: ProbeValues;
}

/** Rows that show whether a CHECK works. Each is the table's own row with these changes. */
export interface CheckProbe {
  /** Rows that the CHECK refuses, by what is wrong with them: `an order without a customer`. */
  readonly refused: Readonly<Record<string, ProbeValues>>;
  /** A row that the CHECK lets in, and that has to be stored as it is given. */
  readonly accepted: ProbeValues;
  /** How the rows that break the CHECK come to keep it: what is done in one sentence, and the statements. */
  readonly repair: { readonly title: string; readonly statements: readonly string[] };
}

/** What the schema does not tell of its tables, by the name of a table or a CHECK. All of it may be left out. */
export interface Probes {
  readonly tables: Readonly<Record<string, TableProbe>>;
  readonly checks: Readonly<Record<string, CheckProbe>>;
}

/** What the rows of a table are called. */
export function inWords({ tables }: Probes, table: string): Pick<TableProbe, 'one' | 'many'> {
  return tables[table] ?? { one: `row of ${table}`, many: `rows of ${table}` };
}

/** A noun with its article. */
export const aOrAn = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
