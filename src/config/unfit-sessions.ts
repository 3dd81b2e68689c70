import type * as Mysql2 from 'mysql2';
import { fromServerError } from '../errors';

/** Why a session is of no more use: its server is read-only now, or no working member of its cluster. */
export type UnfitCode = 'SERVER_READ_ONLY' | 'SERVER_NOT_READY';

/** Told of a session whose server refused a statement in a way that no other statement will mend. */
export type UnfitListener = (connection: Mysql2.PoolConnection, code: UnfitCode) => void;

/** 1792 is about one transaction, 3989 about one database: the server may be as good as ever. */
const ofLessThanTheServer = new Set([1792, 3989]);

function unfitCode(error: unknown): UnfitCode | null {
  const { errno } = (error ?? {}) as { errno?: number };
  if (errno === undefined || ofLessThanTheServer.has(errno)) return null;
  const code = fromServerError(error)?.code;
  return code === 'SERVER_READ_ONLY' || code === 'SERVER_NOT_READY' ? code : null;
}

/**
 * Makes a pooled connection close instead of going back into its pool once its server has refused a statement as
 * read-only or not ready. A pool would hand it out for ever: behind an address that moves to another server when the
 * first one is demoted, the old sessions stay with the old server.
 *
 * It watches the statements that go through the connection's own promise wrapper, as all of TypeORM's do.
 */
export function closeWhenUnfit(connection: Mysql2.PoolConnection, onUnfit: UnfitListener): void {
  let isUnfit = false;
  const wrapper = connection.promise() as unknown as {
    query: (...parameters: unknown[]) => Promise<unknown>;
  };
  const query = wrapper.query.bind(wrapper);
  wrapper.query = (...parameters) => {
    const answer = query(...parameters);
    answer.catch((error: unknown) => {
      const code = unfitCode(error);
      if (code === null) return;
      isUnfit = true;
      onUnfit(connection, code);
    });
    return answer;
  };
  const release = connection.release.bind(connection);
  connection.release = () => (isUnfit ? connection.destroy() : release());
}
