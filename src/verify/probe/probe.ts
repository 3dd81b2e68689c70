import { randomUUID } from 'node:crypto';
import { ProtectionFlowsError } from '../../errors';
import { readCatalog } from '../../schema/catalog/read-catalog';
import { quoteName, quoteText, select } from '../../schema/queryable';
import { named, type Table } from '../../schema/shape';
import type { VerifyContext } from '../context';
import type { Evidence } from '../report';
import { hasToBeNamed, sampleValue, uniqueText } from './sample-value';

/**
 * Errors that say nothing of the schema: no privilege, read-only, a lock or a time limit, the statement killed, no
 * space left.
 */
export const notTheSchema = [
  ...[1044, 1142, 1143, 1227, 1370, 1290, 1792, 1836, 1047],
  ...[1205, 1213, 1305, 1317, 1614, 1969, 3024, 3572],
  ...[1021, 1041, 1114, 1180, 1206],
];

/** How deep the required references of platform tables are followed. */
const deepest = 5;

/** Refuses a table in which a row would stay: only InnoDB takes it back. */
function assertRollsBack(table: Table): void {
  if (table.engine === 'InnoDB') return;
  throw new ProtectionFlowsError('INTERNAL', {
    message: `${table.name} has the engine ${table.engine}, in which a probe row could not be rolled back`,
    remedy: `Give ${table.name} the engine InnoDB.`,
  });
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
   * The server's error number for a statement that is to be refused, or null where it was carried out; throws where
   * the refusal says nothing of the schema (no privilege). Where the
   * refusal ended the transaction (a deadlock), going back to the savepoint fails: nothing may be tried after it.
   */
  async refusal(sql: string, errnoOf: (error: unknown) => number | null): Promise<number | null> {
    await this.context.session.query('SAVEPOINT verify_refusal');
    try {
      await this.execute(sql);
      return null;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === null || notTheSchema.includes(errno)) throw error;
      await this.context.session.query('ROLLBACK TO SAVEPOINT verify_refusal');
      this.evidence.push({ sql, rows: [{ errno }] });
      return errno;
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
    throw new ProtectionFlowsError('INTERNAL', {
      message: `table ${name} can't be read`,
      remedy: `Grant SELECT on ${name}.`,
    });
  }

  /**
   * Inserts a row with the given values, as plain text, and a fitting one in every other column that must have one;
   * a required reference gets a parent row of its own. Returns its value in `key`.
   */
  async insert(
    tableName: string,
    key: string,
    given: Readonly<Record<string, string>> = {},
    depth = 0,
  ): Promise<string> {
    const { type } = named((await this.shapeOf(tableName)).columns, key) ?? { type: 'varchar(64)' };
    const sql = await this.insertSql(tableName, { [key]: uniqueText(type), ...given }, depth);
    await this.execute(sql.text);
    return sql.values[key] ?? '';
  }

  /** The INSERT of {@link insert}, not executed but for the parents it needs. */
  async insertSql(
    tableName: string,
    given: Readonly<Record<string, string>>,
    depth = 0,
  ): Promise<{ text: string; values: Readonly<Record<string, string>> }> {
    const table = await this.shapeOf(tableName);
    assertRollsBack(table);
    const values = new Map(Object.entries(given).map(([name, text]) => [name, quoteText(text)]));
    for (const column of table.columns) {
      if (values.has(column.name) || !hasToBeNamed(column)) continue;
      const reference = table.foreignKeys.find(
        (one) => one.columns.length === 1 && one.columns[0] === column.name,
      );
      const parentColumn = reference?.parentColumns[0];
      const parentRow =
        reference !== undefined && parentColumn !== undefined && depth < deepest
          ? quoteText(await this.insert(reference.parentTable, parentColumn, {}, depth + 1))
          : sampleValue(column);
      values.set(column.name, parentRow);
    }
    const unknown = Object.keys(given).find((name) => !named(table.columns, name));
    if (unknown !== undefined) values.delete(unknown);
    const names = [...values.keys()].map(quoteName).join(', ');
    return {
      text: `INSERT INTO ${quoteName(tableName)} (${names}) VALUES (${[...values.values()].join(', ')})`,
      values: given,
    };
  }
}
