/**
 * The user variable that marks a session as one of this package's, for triggers that let those through: 1, NULL in any
 * other session.
 */
export const writerMark = '@sendense_flow_writer';

/** The part of a connection of mysql2 that is needed here. */
interface Marked {
  query(sql: string, done: () => void): unknown;
}

type HandOut = (...given: unknown[]) => void;

const markStatement = `SET ${writerMark} = 1`;

/** Connections that are marked, and pools that mark theirs. */
const marked = new WeakSet<object>();

/**
 * Makes a pool of TypeORM's, or a pool cluster, mark each session before it hands it out for the first time: of a
 * DataSource whose sessions somebody else sets. Where the server refuses, the session is one of a stranger.
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
 * SQL that is true for a run that this package began, or works at. Ids that the server makes are UUIDs of version 1, and the
 * hub has no others; those of this package, and of its callers, are not. The signs of work are for a caller's such id.
 *
 * @param run the row's name in the statement, as `e` or `OLD`
 */
export const isOwnRun = (run: string): string =>
  `(${run}.id NOT LIKE '________-____-1%' OR COALESCE(JSON_CONTAINS_PATH(${run}.execution_metadata, 'one', '$.worker', '$.heartbeat_at', '$.starting_jobs'), 0))`;
