import * as mysql2 from 'mysql2';

/** mysql2 with connections on which the first statement is refused, as by some proxies. */
export function refusing(): typeof mysql2 {
  const refuse = <Connection extends mysql2.Connection>(connection: Connection): Connection => {
    const query = connection.query.bind(connection) as (...all: unknown[]) => unknown;
    let first = true;
    connection.query = ((sql: string, ...rest: unknown[]) => {
      const statement = first && sql.startsWith('SET ') ? 'SET no_such_variable = 1' : sql;
      first = false;
      return query(statement, ...rest);
    }) as typeof connection.query;
    return connection;
  };
  return Object.assign(Object.create(mysql2) as typeof mysql2, {
    createPool: (options: mysql2.PoolOptions) => {
      const pool = mysql2.createPool(options);
      pool.on('connection', (connection) => refuse(connection));
      return pool;
    },
    createConnection: (options: mysql2.ConnectionOptions) => refuse(mysql2.createConnection(options)),
  });
}
