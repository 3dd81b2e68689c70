import { createConnection, type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import type { DatabaseSettings } from '../../src/testing/connection-url';

/** True for a fault of this simulator: invalid SQL, an unknown name, or a statement that never reached the server. */
const isOfTheSimulator = (error: unknown): boolean =>
  [undefined, 1054, 1064, 1146].includes((error as { errno?: number }).errno);

/** The time zone of the hub's process: an offset, or the server's. */
export type HubZone = 'server' | `${'+' | '-'}${string}:${string}`;

function offsetOf(minutes: number): string {
  const size = Math.abs(minutes);
  const digits = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0'));
  return `${minutes < 0 ? '-' : '+'}${digits.join(':')}`;
}

/** The hub's connection, which writes in the same ways as the hub's data layer. */
export class HubSession {
  /** The errors of refused statements. */
  readonly refused: Error[] = [];
  private readonly taken = new Set<string>();

  private constructor(
    private readonly connection: Connection,
    private readonly returnsIds: boolean,
  ) {}

  /** @param zone times are written and read with this offset; `server`: with the server's present offset */
  static async open(settings: DatabaseSettings, zone: HubZone): Promise<HubSession> {
    const { username: user, ...where } = settings;
    const connect = async (timezone: string): Promise<Connection> => {
      const connection = await createConnection({ ...where, user, timezone });
      connection.on('error', () => undefined);
      return connection;
    };
    const first = await connect('Z');
    const [[row]] = await first.query<RowDataPacket[]>(
      'SELECT VERSION() AS version, TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW()) AS minutes',
    );
    first.destroy();
    const offset = zone === 'server' ? offsetOf(Number(row?.['minutes'])) : zone;
    return new HubSession(await connect(offset), /mariadb/i.test(String(row?.['version'])));
  }

  close(): void {
    this.connection.destroy();
  }

  async select<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const [rows] = await this.connection.query<RowDataPacket[]>(sql, parameters);
    return rows as Row[];
  }

  async write(sql: string, parameters: unknown[] = []): Promise<void> {
    await this.attempt(() => this.connection.query<ResultSetHeader>(sql, parameters));
  }

  /**
   * Inserts a row with an id that the server makes, and returns this id.
   *
   * @param is the condition that finds the row if the server has no INSERT … RETURNING
   */
  async insert(
    table: string,
    row: Readonly<Record<string, unknown>>,
    is: string,
    parameters: string[],
  ): Promise<string> {
    const columns = Object.keys(row).map((name) => `\`${name}\``);
    const marks = columns.map(() => '?').join(',');
    const sql = `INSERT INTO \`${table}\` (${columns.join(',')}) VALUES (${marks})`;
    if (this.returnsIds) {
      const [[made]] = await this.connection.query<RowDataPacket[]>(
        `${sql} RETURNING id`,
        Object.values(row),
      );
      return String(made?.['id']);
    }
    await this.connection.query<ResultSetHeader>(sql, Object.values(row));
    // The server makes UUIDs of version 1, this program makes others
    const [made] = await this.connection.query<RowDataPacket[]>(
      `SELECT id FROM \`${table}\` WHERE ${is} AND id LIKE '________-____-1%' ORDER BY created_at DESC`,
      parameters,
    );
    const id = made.map((one) => String(one['id'])).find((one) => !this.taken.has(one));
    if (id === undefined) throw new Error(`the new row of ${table} is gone before its id was read`);
    this.taken.add(id);
    return id;
  }

  /** Writes columns of a row, ordered by name, as the hub's data layer does. */
  async update(table: string, id: string, columns: Readonly<Record<string, unknown>>): Promise<void> {
    const names = Object.keys(columns).sort();
    const assignments = names.map((name) => `\`${name}\`=?`).join(',');
    await this.attempt(() =>
      this.connection.query(`UPDATE \`${table}\` SET ${assignments} WHERE id = ?`, [
        ...names.map((name) => columns[name]),
        id,
      ]),
    );
  }

  /** Records and ignores a refused statement, as the hub logs it; returns null then. */
  async attempt<Result>(write: () => Promise<Result>): Promise<Result | null> {
    try {
      return await write();
    } catch (error) {
      if (isOfTheSimulator(error)) throw error;
      this.refused.push(error as Error);
      return null;
    }
  }
}
