import type * as Mysql2 from 'mysql2';

/** Told of each statement once it is answered: its text without the values of its marks, and how long it took. */
export type StatementListener = (sql: string, ms: number) => void;

/** Makes a connection tell of each statement, also of those that it fails. */
function tellOf<Connection extends Mysql2.Connection>(
  connection: Connection,
  onStatement: StatementListener,
): Connection {
  const plain = connection as { query: (...parameters: unknown[]) => unknown };
  const query = plain.query.bind(connection);
  plain.query = (...parameters) => {
    const [statement] = parameters as [string | { readonly sql: string }];
    const answered = parameters.at(-1);
    // A stream: nothing of this package reads one
    if (typeof answered !== 'function') return query(...parameters);
    const begun = performance.now();
    return query(...parameters.slice(0, -1), (...answer: unknown[]) => {
      onStatement(typeof statement === 'string' ? statement : statement.sql, performance.now() - begun);
      (answered as (...values: unknown[]) => void)(...answer);
    });
  };
  return connection;
}

/** mysql2, all of whose connections, alone or of a pool, tell of each statement. */
export function toldStatements(mysql2: typeof Mysql2, onStatement: StatementListener): typeof Mysql2 {
  const replaced = {
    createPool: (options: Mysql2.PoolOptions) => {
      const pool = mysql2.createPool(options);
      pool.on('connection', (connection) => void tellOf(connection, onStatement));
      return pool;
    },
    createConnection: (options: Mysql2.ConnectionOptions) =>
      tellOf(mysql2.createConnection(options), onStatement),
  };
  // Not a copy: mysql2's exports have getters that load more of it
  return Object.assign(Object.create(mysql2) as typeof Mysql2, replaced) as typeof Mysql2;
}
