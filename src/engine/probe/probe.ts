import { readCatalog } from '../schema/catalog/read-catalog';
import { errnoOf, quoteName, quoteText, select, type Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import { named, type Column, type ForeignKey, type Schema, type Table } from '../schema/shape';
import { isAboutRows, messageOf, NotProvable, tableOfKeyIn } from './answers';
import { type Probes, type ProbeValues, type Evidence } from '../subject/parts';
import type { LastingEffects } from './lasting-effects';
import { hasToBeNamed, sampleValue } from './sample-value';

/** What is needed to make rows. */
export interface ProbeContext {
  readonly session: Queryable;
  readonly server: Server;
  /** The schema that all migrations declare. */
  readonly declared: Schema;
  readonly probes: Probes;
  /** The live tables: ours, and the parents of our keys. */
  readonly live: Schema;
  /** Tells what would stay of a row after a rollback. */
  readonly effects: LastingEffects;
}

/** The server's refusal of a statement, for a reason that is about the row. */
interface Refusal {
  readonly errno: number;
  /** The table whose foreign key refused it, where one did. */
  readonly keyOf: string | null;
}

/** The values of a row by column, as SQL. */
type Values = Readonly<Record<string, string>>;

/** The row that a caller wants. */
interface Wanted {
  readonly given?: Values;
  /** Further columns that get an unused value, because the caller finds the row by them. */
  readonly named?: readonly string[];
  /** The tables whose planned rows need this one, outermost first. */
  readonly within?: readonly string[];
}

/** The rows to count: all of a table, or those that fulfil a condition. */
interface Counted {
  readonly table: string;
  readonly where?: string;
}

/** A row to insert. */
interface PlannedRow {
  readonly table: string;
  readonly values: Values;
  /** 0 where it references no planned row; else one more than the deepest planned row that it references. */
  readonly depth: number;
}

/** The INSERT of rows of one table. A column that only some of them set gets its default in the others. */
function insertSql(rows: readonly PlannedRow[]): string {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const lists = rows.map(({ values }) => `(${names.map((name) => values[name] ?? 'DEFAULT').join(', ')})`);
  return `INSERT INTO ${quoteName(rows[0]?.table ?? '')} (${names.map(quoteName).join(', ')}) VALUES ${lists.join(', ')}`;
}

/** The statements that insert those rows, each after the rows that it references. */
function insertions(rows: readonly PlannedRow[]): { readonly table: string; readonly sql: string }[] {
  const groups = new Map<string, PlannedRow[]>();
  for (const row of [...rows].sort((one, other) => one.depth - other.depth)) {
    const group = `${row.depth} ${row.table}`;
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return [...groups.values()].map((group) => ({ table: group[0]?.table ?? '', sql: insertSql(group) }));
}

/** The values as SQL. */
export const asSql = (values: ProbeValues): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, text]) => [name, text === null ? 'NULL' : quoteText(text)]),
  );

/** Makes rows for one check, inside the transaction that is rolled back. Keeps each executed statement as evidence. */
export class Probe {
  readonly evidence: Evidence[] = [];

  constructor(private readonly context: ProbeContext) {}

  /** Executes one statement. */
  async execute(sql: string): Promise<void> {
    const result = (await this.context.session.query(sql)) as { affectedRows?: number } | undefined;
    this.evidence.push({ sql, rows: [{ affectedRows: result?.affectedRows ?? 0 }] });
  }

  /**
   * Executes a statement that the server should refuse. Returns the refusal, or null where the server executed it. A
   * refused statement and its triggers leave nothing behind: every table here is InnoDB.
   *
   * @throws the server's error where it is not about the row, such as a missing privilege
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

  /** Executes a SELECT. */
  async ask(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const rows = await select(this.context.session, sql);
    this.evidence.push({ sql, rows });
    return rows;
  }

  /** Counts rows, each count by its name, in one statement. */
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
   * Inserts rows with the given values, and a fitting one in every other column that must have one. A required reference
   * gets a parent row of its own. One statement inserts all rows of a table that have the same depth.
   *
   * @returns the values of each row, in the order of `wanted`
   * @throws NotProvable where a row of an undeclared table can't be made, or where a row would stay after the rollback
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

  /** Inserts a parent row for each of the keys. Returns the values that reference them, as SQL. */
  async insertParents(keys: readonly ForeignKey[]): Promise<string[]> {
    const rows = await this.insertAll(
      keys.map(({ parentTable, parentColumns }) => ({ table: parentTable, named: [...parentColumns] })),
    );
    return rows.map((values, at) => values[keys[at]?.parentColumns[0] ?? ''] ?? 'NULL');
  }

  /** Inserts rows. Returns for each row a condition, as SQL, that only this row fulfils. */
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

  /** Tries to insert a row without its parent. Returns the refusal, or null where the server accepts the row. */
  async refusalOfOrphan(table: Table, { columns: [name = ''] }: ForeignKey): Promise<Refusal | null> {
    const column = named(table.columns, name);
    return this.refusalOfRow(table.name, { given: column ? { [name]: sampleValue(column, true) } : {} });
  }

  /** Tries to insert the row of {@link insert}. Returns the refusal, or null where the server accepts the row. */
  async refusalOfRow(table: string, wanted: Wanted): Promise<Refusal | null> {
    const rows: PlannedRow[] = [];
    const own = await this.plan(rows, table, wanted);
    await this.insertPlanned(rows.filter((row) => row !== own));
    return this.refusal(insertSql([own]));
  }

  /** Adds the row of {@link insert} to `rows`, after the rows that it has to reference. */
  private async plan(
    rows: PlannedRow[],
    tableName: string,
    { given = {}, named: further = [], within = [] }: Wanted,
  ): Promise<PlannedRow> {
    const table = await this.shapeOf(tableName);
    await this.context.effects.assertNone(table.name, table.engine);
    const own = asSql(this.context.probes.tables[tableName]?.row ?? {});
    // Another check reports a column that the live table lacks
    const known = Object.entries({ ...own, ...given }).filter(([name]) => named(table.columns, name));
    const values: Record<string, string> = Object.fromEntries(known);
    let depth = 0;
    const isKey = (name: string): boolean =>
      further.includes(name) ||
      table.primaryKey.includes(name) ||
      table.indexes.some(({ unique, columns }) => unique && named(columns, name) !== undefined);
    // The columns that references end at come first: a row may have to reference itself
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

  /** The foreign key of a column; undefined for a column without one. */
  private keyAt(table: Table, column: Column): ForeignKey | undefined {
    const declared = this.context.declared.get(table.name)?.foreignKeys ?? [];
    const keys = [
      ...declared.filter(({ parentTable }) => this.context.live.has(parentTable)),
      ...table.foreignKeys,
    ];
    return keys.find(({ columns }) => columns.length === 1 && columns[0] === column.name);
  }
}
