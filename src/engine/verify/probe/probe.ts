import { randomUUID } from 'node:crypto';
import { readCatalog } from '../../schema/catalog/read-catalog';
import { quoteName, quoteText, select } from '../../server/queryable';
import { named, type Column, type Table } from '../../schema/shape';
import { errnoOf, messageOf, type VerifyContext } from '../context';
import type { Evidence } from '../report';
import { isAboutRows, NotProvable, tableOfKeyIn } from './answers';
import { hasToBeNamed, sampleValue, uniqueText } from './sample-value';

/** A statement that the server refused, for a reason that is about the row. */
export interface Refusal {
  readonly errno: number;
  /** The table whose foreign key refused it, where one did. */
  readonly keyOf: string | null;
}

/**
 * Rows made for one check, inside the transaction that is rolled back, with everything that was executed as
 * evidence.
 */
export class Probe {
  readonly evidence: Evidence[] = [];

  constructor(private readonly context: VerifyContext) {}

  /** An id that no row has. */
  readonly newId = (): string => `verify-${randomUUID()}`;

  /** Executes one statement and keeps it as evidence; how many rows it changed. */
  async execute(sql: string): Promise<number> {
    const result = (await this.context.session.query(sql)) as { affectedRows?: number } | undefined;
    const affectedRows = result?.affectedRows ?? 0;
    this.evidence.push({ sql, rows: [{ affectedRows }] });
    return affectedRows;
  }

  /**
   * How the server refuses a statement that is to be refused, or null where it was carried out; throws where the
   * refusal is not about the row (no privilege).
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

  /** The rows of a SELECT, kept as evidence. */
  async ask(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const rows = await select(this.context.session, sql);
    this.evidence.push({ sql, rows });
    return rows;
  }

  /** The only number of a SELECT of one. */
  async count(sql: string): Promise<number> {
    const [row] = await this.ask(sql);
    return Number(Object.values(row ?? {})[0]);
  }

  private async shapeOf(name: string): Promise<Table> {
    const { live, session, server } = this.context;
    const table = live.get(name) ?? (await readCatalog(session, server, [name])).get(name);
    if (table !== undefined) return table;
    throw new NotProvable(`table ${name} can't be read`, `-- Let this user SELECT from ${name}.`);
  }

  /**
   * Inserts a row with the given values, as plain text, and a fitting one in every other column that must have one;
   * a required reference gets a parent row of its own. Returns its value in `key`.
   *
   * @throws NotProvable where a row of a table of others can't be made, or would stay
   */
  async insert(
    tableName: string,
    key: string,
    given: Readonly<Record<string, string>> = {},
    within: readonly string[] = [],
  ): Promise<string> {
    const { type } = named((await this.shapeOf(tableName)).columns, key) ?? { type: 'varchar(64)' };
    const sql = await this.insertSql(tableName, { [key]: uniqueText(type), ...given }, within);
    try {
      await this.execute(sql.text);
    } catch (error) {
      if (this.context.declared.has(tableName) || !isAboutRows(error)) throw error;
      throw new NotProvable(
        `no probe row of ${tableName} could be made: ${messageOf(error)} (errno ${errnoOf(error)})`,
        null,
        { cause: error },
      );
    }
    return sql.values[key] ?? '';
  }

  /** The INSERT of {@link insert}, not executed but for the parents it needs. */
  async insertSql(
    tableName: string,
    given: Readonly<Record<string, string>>,
    within: readonly string[] = [],
  ): Promise<{ text: string; values: Readonly<Record<string, string>> }> {
    const table = await this.shapeOf(tableName);
    await this.context.effects.assertNone(table.name, table.engine);
    const values = new Map(Object.entries(given).map(([name, text]) => [name, quoteText(text)]));
    for (const column of table.columns) {
      if (values.has(column.name) || !hasToBeNamed(column)) continue;
      values.set(column.name, (await this.reference(table, column, values, within)) ?? sampleValue(column));
    }
    const unknown = Object.keys(given).find((name) => !named(table.columns, name));
    if (unknown !== undefined) values.delete(unknown);
    const names = [...values.keys()].map(quoteName).join(', ');
    return {
      text: `INSERT INTO ${quoteName(tableName)} (${names}) VALUES (${[...values.values()].join(', ')})`,
      values: given,
    };
  }

  /** The value, as SQL, of a column that has to name a row: of the row itself, or of one that is made for it. */
  private async reference(
    table: Table,
    column: Column,
    values: ReadonlyMap<string, string>,
    within: readonly string[],
  ): Promise<string | null> {
    const key = table.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0] === column.name);
    const parentColumn = key?.parentColumns[0];
    if (key === undefined || parentColumn === undefined) return null;
    const own = values.get(parentColumn);
    if (key.parentTable === table.name && own !== undefined) return own;
    const path = [...within, table.name];
    if (!path.includes(key.parentTable))
      return quoteText(await this.insert(key.parentTable, parentColumn, {}, path));
    throw new NotProvable(
      `no probe row of ${table.name} could be made: its ${column.name} has to name a row of ${key.parentTable}, which has to name one of ${table.name}`,
      null,
    );
  }
}
