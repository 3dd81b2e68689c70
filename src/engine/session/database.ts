import { refuse, type Reader } from '../../arguments';
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

/** A database that is open: a data source of this package, or what `openDatabase` answers. */
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
