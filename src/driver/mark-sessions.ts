import { writerMark } from './session-variables';

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
