import { randomBytes } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import { declareArguments, id, optional, options as optionsOf } from '../arguments';
import { fromServerError } from '../errors';
import { quoteName, type Queryable } from '../engine/server/queryable';
import { charsetName, session as aSession } from './arguments';
import {
  connectionUrl,
  server as aServer,
  type DatabaseSettings,
  type ServerAddress,
} from './connection-url';

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

const readConnection = declareArguments('sessionOf', { connection: aSession });

/**
 * An mysql2 connection as a session of this package: `query` resolves to the rows alone.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for what has no query()
 */
export function sessionOf(connection: Pick<Connection, 'query'>): Queryable {
  readConnection({ connection });
  return {
    async query(sql, parameters) {
      const [rows] = await connection.query(sql, parameters);
      return rows;
    },
  };
}

async function execute(server: ServerAddress, sql: string): Promise<void> {
  const { host, port, username: user, password } = server;
  try {
    const connection = await createConnection({ host, port, user, password });
    try {
      await connection.query(sql);
    } finally {
      await connection.end();
    }
  } catch (error) {
    throw fromServerError(error) ?? error;
  }
}

const readCreation = declareArguments('createThrowAwayDatabase', {
  server: aServer,
  options: optionsOf({
    name: optional(id),
    charset: optional(charsetName),
    collation: optional(charsetName),
  }),
});

/**
 * Creates an empty database.
 *
 * @param server a private server, or the address of any server whose user may create databases
 * @throws ProtectionFlowsError VALIDATION_FAILED, naming everything that is wrong with the arguments; HOST_UNKNOWN,
 * CONNECTION_REFUSED or another where the server can't be reached, ACCESS_DENIED where the user may not create it; the
 * server's error where the database exists already
 */
export async function createThrowAwayDatabase(
  server: ServerAddress | string,
  options?: ThrowAwayDatabaseOptions,
): Promise<ThrowAwayDatabase> {
  const { server: address, options: wanted } = readCreation({ server, options });
  const name = wanted.name ?? `pflows_${randomBytes(6).toString('hex')}`;
  const charset = wanted.charset === undefined ? '' : ` CHARACTER SET ${wanted.charset}`;
  const collation = wanted.collation === undefined ? '' : ` COLLATE ${wanted.collation}`;
  await execute(address, `CREATE DATABASE ${quoteName(name)}${charset}${collation}`);
  const { host, port, username, password } = address;
  return {
    name,
    url: connectionUrl(address, name),
    settings: { host, port, username, password, database: name },
    drop: () => execute(address, `DROP DATABASE IF EXISTS ${quoteName(name)}`),
  };
}
