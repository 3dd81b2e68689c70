import { readCatalog } from '../../schema/catalog/read-catalog';
import { quoteName, quoteText, select } from '../../server/queryable';
import { named, type Column, type ForeignKey, type Table } from '../../schema/shape';
import type { VerifyContext } from '../context';
import type { Evidence } from '../report';
import { errnoOf, isAboutRows, messageOf, NotProvable, tableOfKeyIn } from './answers';
import type { ProbeValues } from '../../schema/probes';
import { hasToBeNamed, sampleValue } from './sample-value';

/** A statement that the server refused, for a reason that is about the row. */
export interface Refusal {
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

/** Those values as SQL. */
export const asSql = (values: ProbeValues): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, text]) => [name, text === null ? 'NULL' : quoteText(text)]),
  );

/** Rows made for one check, inside the transaction that is rolled back; all that was executed is kept as evidence. */
export class Probe {
  readonly evidence: Evidence[] = [];

  constructor(private readonly context: VerifyContext) {}

  /** Executes one statement. */
  async execute(sql: string): Promise<void> {
    const result = (await this.context.session.query(sql)) as { affectedRows?: number } | undefined;
    this.evidence.push({ sql, rows: [{ affectedRows: result?.affectedRows ?? 0 }] });
  }

  /**
   * How the server refuses a statement that is to be refused; null where it was carried out. Throws where the refusal is
   * not about the row (no privilege).
   */
  async refusal(sql: string): Promise<Refusal | null> {
    await this.context.session.query('SAVEPOINT verify_refusal');
    try {
      await this.execute(sql);
      return null;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === null || !isAboutRows(error)) throw error;
      await this.context.session.query('ROLLBACK TO SAVEPOINT verify_refusal');
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

  /** How many rows of a table fulfil a condition. */
  async count(table: string, condition = 'TRUE'): Promise<number> {
    const [row] = await this.ask(`SELECT COUNT(*) AS found FROM ${quoteName(table)} WHERE ${condition}`);
    return Number(row?.found);
  }

  private async shapeOf(name: string): Promise<Table> {
    const { live, session, server } = this.context;
    const table = live.get(name) ?? (await readCatalog(session, server, [name])).get(name);
    if (table !== undefined) return table;
    throw new NotProvable(`table ${name} can't be read`, `-- Let this user SELECT from ${name}.`);
  }

  /**
   * Inserts a row with the given values, and a fitting one in every other column that must have one; a required
   * reference gets a parent row of its own.
   *
   * @throws NotProvable where a row of a table of others can't be made, or would stay
   */
  async insert(table: string, wanted: Wanted = {}): Promise<Values> {
    const { sql, values } = await this.insertion(table, wanted);
    try {
      await this.execute(sql);
      return values;
    } catch (error) {
      if (this.context.declared.has(table) || !isAboutRows(error)) throw error;
      throw new NotProvable(
        `no probe row of ${table} could be made: ${messageOf(error)} (errno ${errnoOf(error)})`,
        null,
        { cause: error },
      );
    }
  }

  /** Inserts a row that the key can name. Returns the value to name it by. */
  async insertParent(
    { parentTable, parentColumns }: ForeignKey,
    within?: readonly string[],
  ): Promise<string> {
    const [column = ''] = parentColumns;
    return (await this.insert(parentTable, { named: [column], within }))[column] ?? 'NULL';
  }

  /** Inserts a row. Returns the condition, as SQL, that it alone fulfils. */
  async insertRow(table: string, wanted: Wanted): Promise<string> {
    const values = await this.insert(table, wanted);
    const { primaryKey } = await this.shapeOf(table);
    return primaryKey.map((name) => `${quoteName(name)} = ${values[name] ?? 'NULL'}`).join(' AND ');
  }

  /** How the server refuses a row whose key names no row; null where it lets the row in. */
  async refusalOfOrphan(table: Table, { columns: [name = ''] }: ForeignKey): Promise<Refusal | null> {
    const column = named(table.columns, name);
    return this.refusalOfRow(table.name, { given: column ? { [name]: sampleValue(column, true) } : {} });
  }

  /** How the server refuses the row of {@link insert}; null where it lets the row in. */
  async refusalOfRow(table: string, wanted: Wanted): Promise<Refusal | null> {
    return this.refusal((await this.insertion(table, wanted)).sql);
  }

  /** The INSERT of {@link insert}, once the parents that it needs are there. */
  private async insertion(
    tableName: string,
    { given = {}, named: further = [], within = [] }: Wanted,
  ): Promise<{ sql: string; values: Values }> {
    const table = await this.shapeOf(tableName);
    await this.context.effects.assertNone(table.name, table.engine);
    const own = asSql(this.context.probes.tables[tableName]?.row ?? {});
    // Where the live table lacks a column, another check says so
    const known = Object.entries({ ...own, ...given }).filter(([name]) => named(table.columns, name));
    const values: Record<string, string> = Object.fromEntries(known);
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
      values[name] =
        (await this.reference(table, column, values, within)) ?? sampleValue(column, isKey(name));
    }
    const names = Object.keys(values).map(quoteName).join(', ');
    const list = Object.values(values).join(', ');
    return { sql: `INSERT INTO ${quoteName(tableName)} (${names}) VALUES (${list})`, values };
  }

  /** The value of a column that has to name a row: of the row itself, or of one that is made for it. */
  private async reference(
    table: Table,
    column: Column,
    values: Values,
    within: readonly string[],
  ): Promise<string | null> {
    const declared = this.context.declared.get(table.name)?.foreignKeys ?? [];
    const keys = [
      ...declared.filter(({ parentTable }) => this.context.live.has(parentTable)),
      ...table.foreignKeys,
    ];
    const key = keys.find(({ columns }) => columns.length === 1 && columns[0] === column.name);
    if (key === undefined) return null;
    const own = values[key.parentColumns[0]];
    if (key.parentTable === table.name && own !== undefined) return own;
    const path = [...within, table.name];
    if (!path.includes(key.parentTable)) return this.insertParent(key, path);
    throw new NotProvable(
      `no probe row of ${table.name} could be made: its ${column.name} has to name a row of ${key.parentTable}, which has to name one of ${table.name}`,
      null,
    );
  }
}
