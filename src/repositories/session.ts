import { type DataSource, type EntityManager } from 'typeorm';
import { withoutValues, type ProtectionFlowsError } from '../errors';
import { translated } from '../validation/server-errors';
import { assertInitialized, readManager, checkSession } from './session-check';
import { giveUpTransaction, isRetryable, retried, transactionAborted } from './lost-transactions';
import { columnPending } from './not-found';

/** `REPEATABLE READ` is both servers' default; `READ COMMITTED` locks no gaps, so claimers stay out of each other's way. */
type Isolation = 'READ COMMITTED' | 'REPEATABLE READ';

/** ER_BINLOG_STMT_MODE_AND_ROW_ENGINE: binlog_format=STATEMENT takes no row that READ COMMITTED writes. */
const notForStatements = 1665;

/** Where a server has answered that: its transactions are REPEATABLE READ from then on. */
const writtenAsStatements = new WeakSet<DataSource>();

const isNotForStatements = (error: unknown): boolean =>
  (error as { errno?: number } | null)?.errno === notForStatements;

/**
 * Statements of a repository on one EntityManager. Where the manager is that of a transaction, everything joins it and
 * nothing is repeated: after a deadlock, or a lock that was not had in time, all of it is given up, the caller's own statements
 * too. Elsewhere each statement, and each {@link transaction}, stands for itself and is repeated after a deadlock.
 */
export class Session {
  /** @param readsAfterLocks the manager is that of a transaction of ours, whose every SELECT sees what was there when it took its locks */
  constructor(
    readonly manager: EntityManager,
    private readonly readsAfterLocks = false,
  ) {
    readManager({ manager });
  }

  /** True inside a transaction that the caller has opened. */
  get isJoined(): boolean {
    return this.manager.queryRunner?.isTransactionActive === true;
  }

  /**
   * What makes a SELECT read what is there now. In a transaction of the caller's the snapshot may be older than the locks
   * that were taken since: there only a locking read does. One of ours reads after its locks, unless it was to be READ
   * COMMITTED and the server takes no such one.
   */
  get currentRead(): '' | 'LOCK IN SHARE MODE' {
    return this.isJoined && !this.readsAfterLocks ? 'LOCK IN SHARE MODE' : '';
  }

  /** What the server is: TypeORM's driver type, which the guarded DataSource sets to what it found. */
  get isMariaDb(): boolean {
    return this.manager.connection.options.type === 'mariadb';
  }

  /**
   * The rows of a SELECT. The shape is the caller's promise: it wrote the SELECT.
   *
   * @throws ProtectionFlowsError for what `fromServerError` knows; MIGRATION_PENDING for a column of ours that
   * is not there; TRANSACTION_ABORTED for a locking read that lost, inside a transaction
   */
  select<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.repeated(() => this.query<Row[]>(sql, parameters));
  }

  /** Executes a statement that writes, and answers how many rows it matched (mysql2 sets CLIENT_FOUND_ROWS). */
  write(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    const once = (): Promise<{ affectedRows: number }> => this.query(sql, parameters);
    return this.repeated(once).then(({ affectedRows }) => affectedRows);
  }

  /**
   * Runs `work` in the caller's transaction where there is one, and otherwise in one of its own, which is repeated as a
   * whole after a deadlock, a lock wait that ran out, or a commit that a cluster did not certify. A server that writes its
   * binary log in statements takes no READ COMMITTED: there it is REPEATABLE READ.
   *
   * @throws TRANSACTION_ABORTED when that happens inside a caller's transaction, or too often
   */
  transaction<Result>(work: (session: Session) => Promise<Result>, isolation?: Isolation): Promise<Result> {
    if (this.isJoined) return work(this);
    const { connection } = this.manager;
    const once = async (): Promise<Result> => {
      const isReplaced = isolation === 'READ COMMITTED' && writtenAsStatements.has(connection);
      const body = (manager: EntityManager): Promise<Result> => work(new Session(manager, !isReplaced));
      try {
        return await (isolation === undefined
          ? this.manager.transaction(body)
          : this.manager.transaction(isReplaced ? 'REPEATABLE READ' : isolation, body));
      } catch (error) {
        if (!isReplaced && isolation === 'READ COMMITTED' && isNotForStatements(error)) {
          writtenAsStatements.add(connection);
          return once();
        }
        assertInitialized({ dataSource: connection });
        // Also of START TRANSACTION and COMMIT, which no statement of ours sees
        throw translated(error);
      }
    };
    return retried(once);
  }

  /**
   * Ends the transaction, whose work the server has undone, or is to undo: one of ours is repeated.
   *
   * @throws the fault
   */
  async giveUp(fault: ProtectionFlowsError, errno?: number): Promise<never> {
    // One of ours ends with this error, and is rolled back
    if (!this.readsAfterLocks) await giveUpTransaction(this.manager.queryRunner!, fault, errno);
    throw fault;
  }

  /** A statement that stands for itself is repeated where it lost; one of a transaction is not. */
  private repeated<Answer>(once: () => Promise<Answer>): Promise<Answer> {
    return this.isJoined ? once() : retried(once);
  }

  private async query<Answer>(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    try {
      const check = checkSession(this.manager);
      if (check !== null) await check;
      return (await this.manager.query(sql, parameters as unknown[])) as Answer;
    } catch (error) {
      assertInitialized({ dataSource: this.manager.connection });
      if (this.isJoined && isRetryable(error))
        return this.giveUp(transactionAborted(withoutValues(error)), (error as { errno?: number }).errno);
      throw (await columnPending(this.manager, error)) ?? translated(error);
    }
  }
}

/** What the repositories have in common: the manager that their statements are executed on. */
export abstract class Repository {
  protected readonly session: Session;

  /** @param manager a DataSource's `manager`, or that of a transaction, which all calls then join */
  constructor(manager: EntityManager) {
    this.session = new Session(manager);
  }

  /** The same repository within a caller's transaction. */
  withManager(manager: EntityManager): this {
    return new (this.constructor as new (manager: EntityManager) => this)(manager);
  }
}
