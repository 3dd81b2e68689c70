/** The user variable that marks a session of this package for the triggers of the guards: 1; NULL in any other session. */
export const writerMark = '@sendense_flow_writer';

/** The part of a mysql2 connection that is used here. */
interface Marked {
  query(sql: string, done: () => void): unknown;
}

type HandOut = (...given: unknown[]) => void;

const markStatement = `SET ${writerMark} = 1`;

/** Marked connections, and pools that mark their connections. */
const marked = new WeakSet<object>();

/**
 * Makes TypeORM's pool or pool cluster mark each session before its first use, for a DataSource without this package's
 * session settings. If the server refuses the mark, the guards treat the session as a stranger.
 */
export function markSessionsOf(pool: unknown): void {
  const source = pool as { getConnection?: HandOut } | null | undefined;
  if (typeof source?.getConnection !== 'function' || marked.has(source)) return;
  marked.add(source);
  const getConnection = source.getConnection.bind(source);
  source.getConnection = (...given) => {
    const settled = given.at(-1) as HandOut;
    getConnection(...given.slice(0, -1), (error: unknown, connection?: Marked) => {
      if (connection === undefined || marked.has(connection)) {
        settled(error, connection);
        return;
      }
      marked.add(connection);
      connection.query(markStatement, () => settled(error, connection));
    });
  };
}

/** Marks the session that executes it. */
export const markSession = (session: { query(sql: string): Promise<unknown> }): Promise<unknown> =>
  session.query(markStatement);

/**
 * SQL that is true for a run that this package began or works at. The hub's ids are UUIDs of version 1, made by the server;
 * this package makes others. A caller may give a run such an id: the package's entries in its metadata tell it then.
 *
 * @param run the row's name in the statement, as `e` or `OLD`
 */
export const isOwnRun = (run: string): string =>
  `(${run}.id NOT LIKE '________-____-1%' OR COALESCE(JSON_CONTAINS_PATH(${run}.execution_metadata, 'one', '$.worker', '$.heartbeat_at', '$.starting_jobs'), 0))`;
