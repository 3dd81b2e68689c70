import { refuse, type Reader } from '../../arguments';
import type { Subject } from '../subject/subject';
import type { Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import type { OwnConnection, OwnConnectionOptions } from '../server/open-connection';

/** A session of one server. Its statements fail with errors of this package. */
export interface Session extends Queryable {
  /** Returns the session to its pool or opener. */
  release(): Promise<void>;
  /** Closes the session at once, so that it is never handed out again. */
  discard(): void;
}

/** A database that the engine works on, on the server that takes writes. */
export interface Database {
  readonly subject: Subject;
  readonly server: Server;
  /** The database's name. */
  readonly database: string;
  /** Opens a session to work on. */
  openSession(): Session;
  /** Opens another connection, outside any pool. */
  openConnection(options?: OwnConnectionOptions): OwnConnection;
}

/** Runs `work` on a session of its own, and releases the session afterwards, also after an error. */
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

/** Reads an open database: a data source of this package, or the result of `openDatabase`. */
export const guarded: Reader<Database> = (value, field, faults) => {
  const given = value as (Partial<Database> & { readonly isInitialized?: boolean }) | null | undefined;
  if (typeof given?.openSession !== 'function' || typeof given.openConnection !== 'function')
    return refuse(
      faults,
      field,
      'isDataSource',
      'must be a database that is open, as openDatabase answers it, or createDataSource',
    );
  if (given.isInitialized === false)
    return refuse(faults, field, 'isInitialized', 'must be initialized: await initialize() first');
  return value as Database;
};
