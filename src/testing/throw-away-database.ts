import { randomBytes } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import type { DataSource, EntityManager } from 'typeorm';
import {
  callback,
  declareArguments,
  id,
  optional,
  options as optionsOf,
  refuse,
  that,
  type Reader,
} from '../arguments';
import { fromServerError } from '../errors';
import { quoteName, type Queryable } from '../engine/server/queryable';
import {
  connectionUrl,
  server as aServer,
  type DatabaseSettings,
  type ServerAddress,
} from './connection-url';

/** Options of {@link createThrowAwayDatabase}. */
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
  /** Settings for the options of a TypeORM `DataSource`. */
  readonly settings: DatabaseSettings;
  /** Drops the database with all its tables. A second call does nothing. */
  drop(): Promise<void>;
}

/** Reads an object that executes statements: a manager, a query runner, a session of {@link sessionOf}. */
export const session: Reader<Queryable> = that(
  'isSession',
  (value) => typeof (value as Partial<Queryable> | null | undefined)?.query === 'function',
  'must be a session: an EntityManager, a query runner, or another object with query()',
);

const readConnection = declareArguments('sessionOf', { connection: session });

/**
 * Makes a session of this package from an mysql2 connection: `query` resolves to the rows alone.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for a value without query()
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

/** Reads the name of a character set or a collation. No statement takes one as a parameter. */
export const charsetName: Reader<string> = that(
  'isCharset',
  (value) => typeof value === 'string' && /^\w{1,64}$/.test(value),
  'must be a name of letters, digits and underscores',
);

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
 * CONNECTION_REFUSED or similar if the server can't be reached; ACCESS_DENIED if the user may not create databases; the
 * server's error if the database exists already
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

/** Reads a connected DataSource. Looks at properties, not at the class: there may be two copies of TypeORM. */
const connected: Reader<DataSource> = (value, field, faults) => {
  const { createQueryRunner, isInitialized } = (value ?? {}) as Partial<DataSource>;
  if (typeof createQueryRunner !== 'function')
    return refuse(faults, field, 'isDataSource', 'must be a DataSource');
  return isInitialized === true
    ? (value as DataSource)
    : refuse(faults, field, 'isInitialized', 'must be initialized: await initialize() first');
};

const readWork = declareArguments('rolledBack', { dataSource: connected, work: callback() });

/**
 * Runs `work` in a transaction and always rolls it back, for tests that share a database. `work` must execute no
 * DDL: on these servers DDL commits.
 *
 * @returns what `work` returns
 * @throws what `work` throws; ProtectionFlowsError VALIDATION_FAILED for wrong arguments
 */
export async function rolledBack<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  readWork({ dataSource, work });
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.startTransaction();
    const result = await work(runner.manager);
    await runner.rollbackTransaction();
    return result;
  } catch (error) {
    // The error of `work` says more than the error of a rollback on a lost connection
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
