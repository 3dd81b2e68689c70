import { randomBytes } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import { quoteName, type Queryable } from '../schema/queryable';
import { connectionUrl, serverOf, type DatabaseSettings, type ServerAddress } from './connection-url';

/** How a throw-away database is to be. */
export interface ThrowAwayDatabaseOptions {
  /** Its exact name; blanks and hyphens are fine. Default: a unique one. */
  readonly name?: string | undefined;
  /** Default: the server's. */
  readonly charset?: string | undefined;
  /** Default: the charset's, or the server's. */
  readonly collation?: string | undefined;
}

/** An empty database for one test. */
export interface ThrowAwayDatabase {
  readonly name: string;
  readonly url: string;
  /** As `DataSource` options of TypeORM take them. */
  readonly settings: DatabaseSettings;
  /** Removes it, with all tables. A second call is harmless. */
  drop(): Promise<void>;
}

/**
 * An mysql2 connection as a session of this package: `query` resolves to the rows alone.
 */
export function sessionOf(connection: Pick<Connection, 'query'>): Queryable {
  return {
    async query(sql, parameters) {
      const [rows] = await connection.query(sql, parameters);
      return rows;
    },
  };
}

async function execute(server: ServerAddress, sql: string): Promise<void> {
  const { host, port, username: user, password } = server;
  const connection = await createConnection({ host, port, user, password });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

/**
 * Creates an empty database.
 *
 * @param server a private server, or the address of any server whose user may create databases
 * @throws the server's error where the database exists already or the user may not create it
 */
export async function createThrowAwayDatabase(
  server: ServerAddress | string,
  options: ThrowAwayDatabaseOptions = {},
): Promise<ThrowAwayDatabase> {
  const address = typeof server === 'string' ? serverOf(server) : server;
  const name = options.name ?? `pflows_${randomBytes(6).toString('hex')}`;
  const charset = options.charset === undefined ? '' : ` CHARACTER SET ${options.charset}`;
  const collation = options.collation === undefined ? '' : ` COLLATE ${options.collation}`;
  await execute(address, `CREATE DATABASE ${quoteName(name)}${charset}${collation}`);
  const { host, port, username, password } = address;
  return {
    name,
    url: connectionUrl(address, name),
    settings: { host, port, username, password, database: name },
    drop: () => execute(address, `DROP DATABASE IF EXISTS ${quoteName(name)}`),
  };
}
