import type { Subject } from '../subject/subject';
import type { Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import type { OwnConnection, OwnConnectionOptions } from '../server/open-connection';

/** A session of one server, whose statements fail with errors of this package. */
export interface Session extends Queryable {
  /** Gives it back to whoever made it. */
  release(): Promise<void>;
  /** Ends it at once, so that nobody gets it again. */
  discard(): void;
}

/** A database that the engine works on, at the server that takes writes. */
export interface Database {
  readonly subject: Subject;
  readonly server: Server;
  /** Its name. */
  readonly database: string;
  /** A session to work on. */
  openSession(): Session;
  /** A connection besides, outside any pool. */
  openConnection(options?: OwnConnectionOptions): OwnConnection;
}

/** Runs `work` on a session of its own, and gives it back however it ends. */
export async function withSession<T>(
  database: Pick<Database, 'openSession'>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = database.openSession();
  try {
    return await work(session);
  } finally {
    await session.release();
  }
}
