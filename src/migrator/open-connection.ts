import type * as Mysql2 from 'mysql2';
import type { Queryable } from '../schema/queryable';
import type { MysqlOptions } from './guarded-data-source';

/** The part of mysql2 that is needed here. */
type Connector = Pick<typeof Mysql2, 'createConnection'>;

/** A connection outside the pool; whoever opened it closes it. */
export interface OwnConnection extends Queryable {
  /** Ends it at once; statements without an answer are rejected. */
  close(): void;
}

/**
 * Opens a connection of its own to where the data source connects, whatever the pool's size. It returns at once: a
 * failure to connect is what its statements are rejected with.
 *
 * @param answerLimitMs how long a statement may go without an answer, in milliseconds. Default: for ever
 */
export function openConnection(options: MysqlOptions, answerLimitMs?: number): OwnConnection {
  const { driver, host, port, socketPath, username, password, database, ssl, connectTimeout } = options;
  const connection = (driver as Connector).createConnection({
    ...(socketPath ? { socketPath } : { host, port }),
    user: username,
    password: typeof password === 'string' ? password : undefined,
    database,
    connectTimeout,
    ...(ssl && typeof ssl === 'object' ? { ssl } : {}),
  });
  const unanswered = new Set<(reason: unknown) => void>();
  const fail = (reason: unknown): void => {
    for (const reject of unanswered) reject(reason);
    unanswered.clear();
  };
  // Heard before the statements' own callbacks: why the session could not begin is told here alone
  connection.on('error', fail);
  const close = (): void => {
    connection.destroy();
    // mysql2 forgets them
    fail(new Error('the connection was closed before the answer came'));
  };
  return {
    close,
    query: (sql, parameters) =>
      new Promise((resolve, reject) => {
        unanswered.add(reject);
        connection.query(
          { sql, values: parameters, timeout: answerLimitMs },
          (error: (Error & { code?: string }) | null, rows: unknown) => {
            unanswered.delete(reject);
            if (error) reject(error);
            else resolve(rows);
            // mysql2 would let the next statement wait behind the one that it has given up
            if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') close();
          },
        );
      }),
  };
}
