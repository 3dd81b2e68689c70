import { readCatalog } from '../schema/catalog/read-catalog';
import { errnoOf, quoteName, quoteText, select, type Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import { named, type Column, type ForeignKey, type Schema, type Table } from '../schema/shape';
import { isAboutRows, messageOf, NotProvable, tableOfKeyIn } from './answers';
import { type Probes, type ProbeValues, type Evidence } from '../subject/parts';
import type { LastingEffects } from './lasting-effects';
import { hasToBeNamed, sampleValue } from './sample-value';

/** The tables that rows are made for. */
export interface ProbeContext {
  readonly session: Queryable;
  readonly server: Server;
  /** The schema that all migrations declare. */
  readonly declared: Schema;
  /** What the schema does not tell of the declared tables. */
  readonly probes: Probes;
  /** The live tables: ours, and the parents of our keys. */
  readonly live: Schema;
  /** What would stay of a row that is taken back. */
  readonly effects: LastingEffects;
}

/** A statement that the server refused, for a reason that is about the row. */
interface Refusal {
  readonly errno: number;
  /** The table whose foreign key refused it, where one did. */
  readonly keyOf: string | null;
}

/** The values of a row by column, as SQL. */
type Values = Readonly<Record<string, string>>;

/** What a row is to be made of. */
interface Wanted {
  /** Values, as SQL. */
  readonly given?: Values;
  /** Further columns that are to have an unused value: those that the caller looks for. */
  readonly named?: readonly string[];
  /** The tables for whose rows this one is made. */
  readonly within?: readonly string[];
}

/** The rows that are counted: all of a table, or those that fulfil a condition. */
interface Counted {
  readonly table: string;
  readonly where?: string;
}

/** A row that is to be inserted. */
interface PlannedRow {
  readonly table: string;
  readonly values: Values;
  /** 0 where it names no other planned row; else one more than the deepest of those that it names. */
  readonly depth: number;
}

/** The INSERT of rows of one table. A column that only some of them name has its default in the others. */
function insertSql(rows: readonly PlannedRow[]): string {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const lists = rows.map(({ values }) => `(${names.map((name) => values[name] ?? 'DEFAULT').join(', ')})`);
  return `INSERT INTO ${quoteName(rows[0]?.table ?? '')} (${names.map(quoteName).join(', ')}) VALUES ${lists.join(', ')}`;
}

/** The statements that insert those rows, each after the rows that it names. */
function insertions(rows: readonly PlannedRow[]): { readonly table: string; readonly sql: string }[] {
  const groups = new Map<string, PlannedRow[]>();
  for (const row of [...rows].sort((one, other) => one.depth - other.depth)) {
    const group = `${row.depth} ${row.table}`;
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return [...groups.values()].map((group) => ({ table: group[0]?.table ?? '', sql: insertSql(group) }));
}

/** Those values as SQL. */
export const asSql = (values: ProbeValues): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, text]) => [name, text === null ? 'NULL' : quoteText(text)]),
  );

/** Rows made for one check, inside the transaction that is rolled back; all that was executed is kept as evidence. */
export class Probe {
  readonly evidence: Evidence[] = [];

  constructor(private readonly context: ProbeContext) {}

  /** Executes one statement. */
  async execute(sql: string): Promise<void> {
    const result = (await this.context.session.query(sql)) as { affectedRows?: number } | undefined;
    this.evidence.push({ sql, rows: [{ affectedRows: result?.affectedRows ?? 0 }] });
  }

  /**
   * How the server refuses a statement that is to be refused; null where it was carried out. A refused statement leaves
   * nothing of what it did, its triggers included: every table here is InnoDB's.
   *
   * @throws what the server answers that is not about the row, such as a missing privilege
   */
  async refusal(sql: string): Promise<Refusal | null> {
    try {
      await this.execute(sql);
      return null;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === null || !isAboutRows(error)) throw error;
      this.evidence.push({ sql, rows: [{ errno }] });
      return { errno, keyOf: tableOfKeyIn(error) };
    }
  }

  /** The rows of a SELECT. */
  async ask(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const rows = await select(this.context.session, sql);
    this.evidence.push({ sql, rows });
    return rows;
  }

  /** Counts rows, each count by its name, in one statement: one look at the tables answers them all. */
  async counts<Name extends string>(wanted: Readonly<Record<Name, Counted>>): Promise<Record<Name, number>> {
    const names = Object.keys(wanted) as Name[];
    const one = (name: Name): string => {
      const { table, where = 'TRUE' } = wanted[name];
      return `(SELECT COUNT(*) FROM ${quoteName(table)} WHERE ${where}) AS ${quoteName(name)}`;
    };
    const [row] = await this.ask(`SELECT ${names.map(one).join(', ')}`);
    return Object.fromEntries(names.map((name) => [name, Number(row?.[name])])) as Record<Name, number>;
  }

  private async shapeOf(name: string): Promise<Table> {
    const { live, session, server } = this.context;
    const table = live.get(name) ?? (await readCatalog(session, server, [name])).get(name);
    if (table !== undefined) return table;
    throw new NotProvable(`table ${name} can't be read`, `-- Let this user SELECT from ${name}.`);
  }

  /**
   * Inserts rows with the given values, and a fitting one in every other column that must have one; a required
   * reference gets a parent row of its own. Rows of one table are inserted in one statement.
   *
   * @returns the values of each row, in the order asked for
   * @throws NotProvable where a row of a table of others can't be made, or would stay
   */
  async insertAll(wanted: readonly (Wanted & { readonly table: string })[]): Promise<Values[]> {
    const rows: PlannedRow[] = [];
    const own: PlannedRow[] = [];
    for (const one of wanted) own.push(await this.plan(rows, one.table, one));
    await this.insertPlanned(rows);
    return own.map(({ values }) => values);
  }

  /** Inserts one row as {@link insertAll} does. */
  async insert(table: string, wanted: Wanted = {}): Promise<Values> {
    const [values = {}] = await this.insertAll([{ table, ...wanted }]);
    return values;
  }

  private async insertPlanned(rows: readonly PlannedRow[]): Promise<void> {
    for (const { table, sql } of insertions(rows)) {
      try {
        await this.execute(sql);
      } catch (error) {
        if (this.context.declared.has(table) || !isAboutRows(error)) throw error;
        throw new NotProvable(
          `no probe row of ${table} could be made: ${messageOf(error)} (errno ${errnoOf(error)})`,
          null,
          { cause: error },
        );
      }
    }
  }

  /** Inserts a row for each of the keys that it can name. Returns the values to name them by. */
  async insertParents(keys: readonly ForeignKey[]): Promise<string[]> {
    const rows = await this.insertAll(
      keys.map(({ parentTable, parentColumns }) => ({ table: parentTable, named: [...parentColumns] })),
    );
    return rows.map((values, at) => values[keys[at]?.parentColumns[0] ?? ''] ?? 'NULL');
  }

  /** Inserts rows. Returns for each the condition, as SQL, that it alone fulfils. */
  async insertRows(wanted: readonly (Wanted & { readonly table: string })[]): Promise<string[]> {
    const rows = await this.insertAll(wanted);
    const conditions: string[] = [];
    for (const [at, { table }] of wanted.entries()) {
      const { primaryKey } = await this.shapeOf(table);
      const values = rows[at] ?? {};
      conditions.push(
        primaryKey.map((name) => `${quoteName(name)} = ${values[name] ?? 'NULL'}`).join(' AND '),
      );
    }
    return conditions;
  }

  /** How the server refuses a row whose key names no row; null where it lets the row in. */
  async refusalOfOrphan(table: Table, { columns: [name = ''] }: ForeignKey): Promise<Refusal | null> {
    const column = named(table.columns, name);
    return this.refusalOfRow(table.name, { given: column ? { [name]: sampleValue(column, true) } : {} });
  }

  /** How the server refuses the row of {@link insert}; null where it lets the row in. */
  async refusalOfRow(table: string, wanted: Wanted): Promise<Refusal | null> {
    const rows: PlannedRow[] = [];
    const own = await this.plan(rows, table, wanted);
    await this.insertPlanned(rows.filter((row) => row !== own));
    return this.refusal(insertSql([own]));
  }

  /** Adds to `rows` the row of {@link insert}, and before it the rows that it has to name. */
  private async plan(
    rows: PlannedRow[],
    tableName: string,
    { given = {}, named: further = [], within = [] }: Wanted,
  ): Promise<PlannedRow> {
    const table = await this.shapeOf(tableName);
    await this.context.effects.assertNone(table.name, table.engine);
    const own = asSql(this.context.probes.tables[tableName]?.row ?? {});
    // Where the live table lacks a column, another check says so
    const known = Object.entries({ ...own, ...given }).filter(([name]) => named(table.columns, name));
    const values: Record<string, string> = Object.fromEntries(known);
    let depth = 0;
    const isKey = (name: string): boolean =>
      further.includes(name) ||
      table.primaryKey.includes(name) ||
      table.indexes.some(({ unique, columns }) => unique && named(columns, name) !== undefined);
    // What rows are named by comes first: a row may have to name itself
    const first = table.columns.filter(
      ({ name }) => table.primaryKey.includes(name) || further.includes(name),
    );
    for (const column of [...first, ...table.columns.filter(hasToBeNamed)]) {
      const { name } = column;
      if (name in values) continue;
      const key = this.keyAt(table, column);
      const itself = key?.parentTable === table.name ? values[key.parentColumns[0]] : undefined;
      if (key === undefined || itself !== undefined) {
        values[name] = itself ?? sampleValue(column, isKey(name));
        continue;
      }
      const path = [...within, table.name];
      if (path.includes(key.parentTable))
        throw new NotProvable(
          `no probe row of ${table.name} could be made: its ${name} has to name a row of ${key.parentTable}, which has to name one of ${table.name}`,
          null,
        );
      const parent = await this.plan(rows, key.parentTable, { named: [...key.parentColumns], within: path });
      values[name] = parent.values[key.parentColumns[0]] ?? 'NULL';
      depth = Math.max(depth, parent.depth + 1);
    }
    const row = { table: tableName, values, depth };
    rows.push(row);
    return row;
  }

  /** The key by which a column has to name a row. */
  private keyAt(table: Table, column: Column): ForeignKey | undefined {
    const declared = this.context.declared.get(table.name)?.foreignKeys ?? [];
    const keys = [
      ...declared.filter(({ parentTable }) => this.context.live.has(parentTable)),
      ...table.foreignKeys,
    ];
    return keys.find(({ columns }) => columns.length === 1 && columns[0] === column.name);
  }
}
