import type * as Mysql2 from 'mysql2';
import { fromServerError, withoutValues } from '../errors';

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

/** The statement with its marks, as TypeORM hands it over. */
function sqlOf(statement: unknown): string | undefined {
  return typeof statement === 'string' ? statement : (statement as { sql?: string } | undefined)?.sql;
}

/** The server, or the network, has closed the connection: at once after 1153, a packet larger than it takes. */
function isClosed(error: unknown): boolean {
  const { errno, fatal } = (error ?? {}) as { errno?: number; fatal?: boolean };
  return errno === 1153 || fatal === true;
}

/**
 * Makes a pooled connection close instead of going back into its pool once its server has refused a statement as
 * read-only or not ready. A pool would hand it out for ever: behind an address that moves to another server when the
 * first one is demoted, the old sessions stay with the old server. And one that was closed by the other side: the pool learns
 * that only a moment later, and would hand it out meanwhile.
 *
 * The values of a statement are taken out of the error that it fails with.
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
      withoutValues(error, sqlOf(parameters[0]));
      isUnfit ||= isClosed(error);
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
