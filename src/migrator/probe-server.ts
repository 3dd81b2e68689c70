import type * as Mysql2 from 'mysql2';
import { detectServer, type Server } from '../schema/server';
import type { MysqlOptions } from './guarded-data-source';
import { translated } from './translate-errors';

/** The part of mysql2 that a probe needs. */
type Connector = Pick<typeof Mysql2, 'createConnection'>;

/**
 * Asks the server what it is, on a connection of its own, before TypeORM's driver is chosen. A declared type that
 * contradicts it is corrected, with a warning: TypeORM with the wrong type sees differences for ever, and destroys.
 */
export async function probeServer(options: MysqlOptions): Promise<Server> {
  const { driver, host, port, socketPath, username, password, database, ssl, connectTimeout } = options;
  const connection = (driver as Connector).createConnection({
    ...(socketPath ? { socketPath } : { host, port }),
    user: username,
    password: typeof password === 'string' ? password : undefined,
    database,
    connectTimeout,
    ...(ssl && typeof ssl === 'object' ? { ssl } : {}),
  });
  try {
    return await detectServer({
      query: (sql) =>
        new Promise((resolve, reject) => {
          connection.once('error', reject);
          connection.query(sql, (error: Error | null, rows: unknown) =>
            error ? reject(error) : resolve(rows),
          );
        }),
    });
  } catch (error) {
    throw translated(error);
  } finally {
    connection.destroy();
  }
}
